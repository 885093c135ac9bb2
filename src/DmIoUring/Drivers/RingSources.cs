namespace DmIoUring.Drivers;

/// <summary>Chooses what carries the I/O.</summary>
internal static class RingSources
{
    /// <summary>Starts a driver on io_uring, or on worker threads where those are wanted, or io_uring is refused and not insisted on.</summary>
    /// <param name="options">What is wanted.</param>
    /// <param name="start">Starts the driver on a source; leaves nothing behind when it throws.</param>
    /// <returns>The source that it runs on.</returns>
    /// <exception cref="IoUringUnavailableException">io_uring is all that is wanted and the host refuses it, or it has no more open files for it.</exception>
    public static RingSource Start(IoDriverOptions options, Action<RingSource> start)
    {
        if (options.Ring == IoRingKind.Workers)
            return Start(new WorkerRingSource(options.WorkerThreads, refusal: null), start);
        try
        {
            return Start(new KernelRingSource(), start);
        }
        catch (IoUringUnavailableException refusal) when (options.Ring == IoRingKind.Automatic && refusal.Refusal != IoUringRefusal.OpenFiles)
        {
            return Start(new WorkerRingSource(options.WorkerThreads, refusal), start);
        }
    }

    /// <summary>Starts a driver on a source, which is disposed if that fails.</summary>
    public static RingSource Start(RingSource source, Action<RingSource> start)
    {
        try
        {
            start(source);
            return source;
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }
}
