using System.Globalization;

namespace DmIoUring.TestSupport;

/// <summary>The other end of one request's callback.</summary>
internal sealed class Notification
{
    /// <summary>The seconds of <see cref="Limit"/>, for a process that is expected to hang.</summary>
    public const string LimitVariable = "DMIO_TEST_HANG_SECONDS";

    /// <summary>A hang guard, not a measure: nothing that a test waits for takes a tenth of it.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(
        int.TryParse(Environment.GetEnvironmentVariable(LimitVariable), CultureInfo.InvariantCulture, out int seconds) ? seconds : 60);

    private readonly TaskCompletionSource<IoResult> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private static long _made;
    private int _calls;

    /// <summary>A number that no other notification has.</summary>
    public long Tag { get; } = (Interlocked.Increment(ref _made) << 40) - 1;

    /// <summary>What the callback was told besides the result; null of one that is told nothing.</summary>
    public (long Bytes, long Tag)? Told { get; private set; }

    public int Calls => Volatile.Read(ref _calls);

    /// <summary>For the requests' <c>notify</c>, with the notification as their <c>context</c>.</summary>
    public static void Arrived(IoResult result, object? context)
    {
        Notification notification = Assert.IsType<Notification>(context);
        Interlocked.Increment(ref notification._calls);
        notification._result.TrySetResult(result);
    }

    /// <summary>As <see cref="Arrived"/>, for a callback that gets more.</summary>
    public static void Completed(IoResult result, long bytes, object? context, long tag)
    {
        if (context is Notification notification)
            notification.Told = (bytes, tag);
        Arrived(result, context);
    }

    public IoResult Wait()
    {
        Assert.True(_result.Task.Wait(Limit), $"No callback within {Limit}.");
        return _result.Task.Result;
    }
}
