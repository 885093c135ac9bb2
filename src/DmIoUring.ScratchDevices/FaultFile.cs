using DmIoUring.Interop;
using DmIoUring.Testing;

namespace DmIoUring.ScratchDevices;

/// <summary>
/// A <see cref="FaultyMedium"/> that is a file, served by this process through /dev/fuse: errors on chosen sectors, slow and stuck requests, short transfers, power
/// cuts. A loop device goes on it with <see cref="LoopDevice.Over"/>. It logs every request as it came from below that device. Any thread may use it.
/// </summary>
/// <remarks>
/// <para>Make it first and dispose it last: what lies on it waits for its answers. Disposing it, or killing the process, fails all that
/// is under way.</para>
/// <para>The loop driver passes EIO, ENOSPC, ENOMEM, ETIMEDOUT, EREMOTEIO, ENODATA and EILSEQ on, and makes EIO of most others. EAGAIN and
/// EOPNOTSUPP it asks again for ever: give them a number of times.</para>
/// </remarks>
public sealed class FaultFile : FaultyMedium, IDisposable
{
    private static readonly Lazy<string?> Unavailable = new(FindObstacle);

    private readonly FaultFileOptions _options;
    private readonly FuseMount _mount;
    private readonly FuseServer _server;
    private bool _disposed;

    private FaultFile(int size, FaultFileOptions options)
        : base(new VolatileMedium(size, options.Volatile), new MediumGate(), options.Logs)
    {
        _options = options;
        _mount = FuseMount.Create(options.Folder);
        _server = new FuseServer(_mount.Channel, size, Take);
    }

    /// <summary>The file's path.</summary>
    public string Path => _mount.Path;

    /// <summary>Whether such files can be made here.</summary>
    /// <returns><see langword="null"/> when they can, otherwise the reason in words.</returns>
    public static string? WhyUnavailable() => Unavailable.Value;

    /// <summary>Makes a file of zeroes.</summary>
    /// <param name="size">Bytes, a multiple of 512.</param>
    /// <param name="options">How.</param>
    /// <returns>The file.</returns>
    /// <exception cref="IOException">The kernel refused.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not mount.</exception>
    public static FaultFile Create(int size, FaultFileOptions? options = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);
        ArgumentOutOfRangeException.ThrowIfNotEqual(size % VolatileMedium.SectorSize, 0, nameof(size));
        return new FaultFile(size, options ?? new FaultFileOptions());
    }

    /// <summary>
    /// Loses a part of what was written and not flushed, by sectors: all, two thirds, one third or nothing, as the seed says. Every request
    /// fails until <see cref="PowerUp"/>, those under way too.
    /// </summary>
    /// <param name="seed">The same seed loses the same sectors.</param>
    /// <returns>How many sectors were lost, and how many were kept by luck.</returns>
    /// <exception cref="InvalidOperationException">The file is not <see cref="FaultFileOptions.Volatile"/>.</exception>
    public PowerLoss PowerCut(int seed)
    {
        if (!_options.Volatile)
            throw new InvalidOperationException("Only a Volatile file has something to lose.");
        return Locked(() =>
        {
            GoDown(Errno.EIO);
            return Medium.Cut(Seeded.Of(seed), unit: 1);
        });
    }

    /// <summary>Serves again after a power cut.</summary>
    public void PowerUp()
    {
        lock (Gate.Sync)
            ComeUp();
    }

    /// <summary>Stops serving, for good: every request fails, those under way too.</summary>
    public void Die() => _mount.Abort();

    /// <summary>Ends all requests with errors, and the file.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;

        // The threads end because the mount does; the channel closes behind them.
        _mount.Unmount();
        _server.Dispose();
        Gate.Dispose();
        _mount.Dispose();
    }

    private static string? FindObstacle()
    {
        if (!File.Exists(FuseMount.Node))
            return $"{FuseMount.Node} does not exist: the fuse module is not loaded, or this container was not given it";
        try
        {
            using FaultFile probe = Create(VolatileMedium.SectorSize);
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or System.ComponentModel.Win32Exception)
        {
            return exception.Message;
        }
    }
}
