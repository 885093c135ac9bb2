namespace DmIoUring.TestSupport;

/// <summary>
/// Lets one test program at a time work on the host's devices: the others wait here, before their first test. Programs that one of them starts
/// are part of its turn.
/// </summary>
public sealed class DeviceTurn : IAsyncLifetime
{
    private const string HeldVariable = "DMIO_TEST_DEVICE_TURN";

    /// <summary>What a lock that somebody else has looks like: EWOULDBLOCK.</summary>
    private const int Held = 11;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);
    private FileStream? _lock;

    public async ValueTask InitializeAsync()
    {
        if (Environment.GetEnvironmentVariable(HeldVariable) is not null)
            return;

        // A user's own: nobody can lock another one's file, and only root has devices.
        string path = Path.Combine(Path.GetTempPath(), $"dmiouring-tests-{Environment.UserName}.lock");
        while ((_lock = TryLock(path)) is null)
            await Task.Delay(Interval);
        Environment.SetEnvironmentVariable(HeldVariable, "held");
    }

    /// <summary>The file stays: deleted, it could be locked by one who still waits for it and by one who makes it anew.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_lock is not null)
            await _lock.DisposeAsync();
    }

    /// <summary>Locks the file, as the runtime does where nothing is shared: by flock(2), which ends with the process.</summary>
    private static FileStream? TryLock(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException exception) when (exception.HResult == Held)
        {
            return null;
        }
    }
}
