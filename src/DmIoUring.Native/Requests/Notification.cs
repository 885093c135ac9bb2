using System.Runtime.CompilerServices;

namespace DmIoUring.Native.Requests;

/// <summary>A callback of C: its function, and where it runs. The request's second word carries its void*, so that no object is made for it.</summary>
/// <param name="function">The function.</param>
/// <param name="hasResult">Whether it is a dmio_done_fn; otherwise an io_notify_fn.</param>
/// <param name="queue">Where it waits for dmio_poll; null to call it at once.</param>
internal sealed unsafe class Notification(nint function, bool hasResult, CompletionQueue? queue)
{
    /// <summary>The context is the notification and the tag the void*.</summary>
    public static readonly IoCompleted Completed = static (result, bytes, context, tag) => ((Notification)context!).End(result, bytes, (nint)tag);

    public nint Function => function;

    public bool HasResult => hasResult;

    /// <summary>A request has ended.</summary>
    public void End(in IoResult result, long bytes, nint context)
    {
        if (queue is null)
            Call(result, bytes, context);
        else
            queue.Add(new Completion(this, result, bytes, context));
    }

    /// <summary>Calls the function.</summary>
    [SkipLocalsInit]
    public void Call(in IoResult result, long bytes, nint context)
    {
        if (hasResult)
        {
            CResult.Fill(out CResult of, result, bytes);
            ((delegate* unmanaged<CResult*, void*, void>)function)(&of, (void*)context);
            return;
        }

        ((delegate* unmanaged<nuint, void*, void>)function)((nuint)(result.Failed | result.Unsupported).Value, (void*)context);
    }
}

/// <summary>A request that has ended and whose callback waits for dmio_poll.</summary>
internal readonly record struct Completion(Notification Notification, IoResult Result, long Bytes, nint Context);
