namespace DmIoUring.Drivers;

/// <summary>Chooses between io_uring and worker threads.</summary>
internal static class RingSources
{
    /// <summary>Starts a driver on io_uring, or on worker threads where the options ask for them, or where io_uring is refused and not required.</summary>
    /// <param name="options">The options.</param>
    /// <param name="start">Starts the driver on a source; must clean up when it throws.</param>
    /// <returns>The source that it runs on.</returns>
    /// <exception cref="IoUringUnavailableException">io_uring is required and the host refuses it, or the process has too many files open.</exception>
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
