using System.Runtime.CompilerServices;
using DmIoUring.Devices;
using DmIoUring.Drivers;
using DmIoUring.Engine;
using DmIoUring.Memory;

namespace DmIoUring.Submission;

/// <summary>The way in for the thread that owns an engine: a reactor's owner, or a callback on its own lane. Never waits, no hand-over.</summary>
internal sealed unsafe class OwnerSubmission(IoEngine engine, PagePool pages, int chunkBytes)
{
    private readonly RequestSource _source = new(engine, pages);
    private readonly RequestSpares _spares = engine.Spares!;
    private readonly DeviceTable _devices = engine.Devices!;

    /// <summary>Requests that the engine was given here.</summary>
    public long Submitted { get; private set; }

    /// <summary>Submits a request with a callback.</summary>
    /// <exception cref="ArgumentException">The request is invalid.</exception>
    /// <exception cref="InvalidOperationException">A stable copy finds no free pages.</exception>
    /// <exception cref="ObjectDisposedException">A device or the buffer was disposed.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Submit(in RequestSpec spec)
    {
        if (!TryStart(spec, out Request? taken))
            SubmitFull(spec, WaitRule.Never, taken);
    }

    /// <summary>As <see cref="Submit(in RequestSpec)"/>, unless the reserve is out.</summary>
    public bool TrySubmit(in RequestSpec spec) => SubmitFull(spec, WaitRule.Try, taken: null);

    /// <summary>Submits a request whose end is awaited.</summary>
    /// <inheritdoc cref="Submit(in RequestSpec)" path="/exception"/>
    public ValueTask<IoResult> SubmitTask(in RequestSpec spec, bool inline, Action lookForStops, CancellationToken cancellation)
    {
        Request request = PendingRequest.Admit(_source, spec, WaitRule.Never)!;
        ValueTask<IoResult> task = request.EndWithTask(inline, lookForStops, cancellation);
        Accept(request);
        return task;
    }

    /// <summary>Submits all of a batch, or, when one is refused, none.</summary>
    /// <inheritdoc cref="Submit(in RequestSpec)" path="/exception"/>
    public void Submit(ReadOnlySpan<IoRequest> requests)
    {
        foreach (ref readonly IoRequest request in requests)
            request.Check();

        // All that can be refused from here on is a stable copy without pages.
        using PendingBatch copies = new(_source);
        foreach (ref readonly IoRequest request in requests)
        {
            if (request.AsksForStableCopy)
                copies.TryAdd(request.Spec, WaitRule.Never);
        }

        foreach (ref readonly IoRequest request in requests)
        {
            if (!request.AsksForStableCopy)
                Submit(request.Spec);
        }

        Request? oldest = Inbox.OldestFirst(copies.TakeAll(out _));
        for (Request? next; oldest is not null; oldest = next)
        {
            next = oldest.Next;
            Accept(oldest);
        }
    }

    /// <summary>The fast path: from the call into the ring's queue, for a request that asks for nothing special.</summary>
    /// <param name="spec">The request.</param>
    /// <param name="taken">A request that was taken and not used, for the full path; it keeps nothing.</param>
    /// <returns>Whether it was submitted; otherwise the full path says what is wrong with it, or carries it.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryStart(in RequestSpec spec, out Request? taken)
    {
        taken = null;
        if (!spec.Options.IsDefault || spec.Operation > IoOperation.Write)
            return false;
        ref readonly IoBuffer buffer = ref spec.Buffer;
        if (!buffer.IsRawPointer)
            return TryStartKept(spec, out taken);
        if (!Admission.IsFast(spec, buffer.Pointer, _devices, chunkBytes))
            return false;
        taken = _spares.Take();
        if (!engine.TryStart(taken, spec, buffer.Pointer))
            return false;
        Submitted++;
        return true;
    }

    /// <summary>The same for memory that must be kept while the request is under way.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryStartKept(in RequestSpec spec, out Request? taken)
    {
        taken = null;
        if (!spec.Buffer.MayBeOnePiece || (spec.Operation == IoOperation.Read && spec.Buffer.IsReadOnly))
            return false;
        taken = _spares.Take();
        bool isStarted = false;
        bool isKept = false;
        try
        {
            byte* memory = taken.KeepOnePiece(spec.Buffer);
            isKept = true;
            isStarted = memory is not null && Admission.IsFast(spec, memory, _devices, chunkBytes) && engine.TryStart(taken, spec, memory);
        }
        finally
        {
            if (!isStarted)
                taken.Release();
            if (!isKept)
                _source.Return(taken);
        }

        if (isStarted)
            Submitted++;
        return isStarted;
    }

    private bool SubmitFull(in RequestSpec spec, WaitRule rule, Request? taken)
    {
        if (PendingRequest.Admit(_source, spec, rule, taken) is not { } request)
            return false;
        request.EndWith(spec.Notify!, spec.Context);
        Accept(request);
        return true;
    }

    private void Accept(Request request)
    {
        engine.Accept(request);
        Submitted++;
    }
}
