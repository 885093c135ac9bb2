namespace DmIoUring.Services;

/// <summary>
/// Copies a region to 1 to 64 others, or zeroes them, in pieces of which some are in flight at once: kcopyd (drivers/md/dm-kcopyd.c) in user space. Any number of jobs share the service's
/// pieces fairly.
/// </summary>
/// <remarks>
/// <para><b>Memory.</b> A service has memory of its own for its pieces, which it allocates once and registers with the client
/// (<see cref="DmIoClient.Register(IoMemory)"/>): it goes on when others have rented all of the client's pages. It reserves no requests: that would limit the client's
/// other users to as many. Where others have reserved some (<see cref="DmIoClient.Reserve(long, int)"/>), a piece that starts on another thread than a lane's waits for
/// its turn as every request does: a first one, and one after a wait for a <see cref="CopyThrottle"/> or a search for holes. What follows is submitted in callbacks, which
/// never wait on a lane. A service that is not disposed keeps its memory (<see cref="IoMemory"/>).</para>
/// <para><b>Threads.</b> Every method may be called from any number of threads at once, also in callbacks of the service. Steps run in the client's callbacks. Callbacks
/// and progress reports of the service run on the thread pool, never two at once (<see cref="CopyNotify"/>).</para>
/// <para><b>Errors.</b> Misuse throws before anything is submitted. The failures of devices are in the <see cref="CopyResult"/>.</para>
/// <para><b>Regions.</b> The source and all destinations have the same count; each starts and ends on its device's logical blocks; none overlaps another. Read-only
/// destinations and an <see cref="IoRegion.BufferOffset"/> are refused. A source that is written meanwhile is copied as each piece is read.</para>
/// <para><b>Units.</b> Sectors of 512 bytes, as in <see cref="IoRegion"/>.</para>
/// </remarks>
public sealed partial class CopyService : IDisposable, IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly IoMemory _memory;
    private readonly MemoryRegistration _registration;
    private readonly CopySlot[] _slots;
    private readonly Stack<CopySlot> _free;
    private readonly HashSet<CopyJob> _jobs = [];
    private readonly Queue<CopyJob> _ready = new();

    /// <summary>Makes a service, with memory for its pieces: <see cref="CopyServiceOptions.PieceBytes"/> x <see cref="CopyServiceOptions.PiecesInFlight"/>.</summary>
    /// <param name="client">Whose requests it makes. It stays the caller's, who disposes it after the service.</param>
    /// <param name="options">How it works; <see langword="null"/> for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    /// <exception cref="OutOfMemoryException">The host has too little memory.</exception>
    /// <exception cref="InvalidOperationException">The client has no place for the registration: it has too many.</exception>
    /// <exception cref="ObjectDisposedException">The client was disposed.</exception>
    public CopyService(DmIoClient client, CopyServiceOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(client);
        Options = options ?? new CopyServiceOptions();
        Options.Validate();
        Client = client;
        Callbacks = new CopyCallbacks(Options.CallbackFailed);
        PieceSectors = Options.PieceBytes / IoRegion.SectorSize;
        _slots = new CopySlot[Options.PiecesInFlight];
        _free = new Stack<CopySlot>(_slots.Length);
        long stride = (Options.PieceBytes + IoMemory.Alignment - 1L) / IoMemory.Alignment * IoMemory.Alignment;
        _memory = IoMemory.Allocate(stride * Options.PiecesInFlight);
        try
        {
            _registration = client.Register(_memory);
        }
        catch
        {
            _memory.Dispose();
            throw;
        }

        for (int i = _slots.Length - 1; i >= 0; i--)
        {
            _slots[i] = new CopySlot(this, _memory, stride * i);
            _free.Push(_slots[i]);
        }
    }

    internal CopyServiceOptions Options { get; }

    internal DmIoClient Client { get; }

    internal CopyCallbacks Callbacks { get; }

    internal long PieceSectors { get; }

    /// <summary>Copies a region to 1 to 64 others.</summary>
    /// <param name="source">What is read, once.</param>
    /// <param name="destinations">What is written, all at once. The span is not used after the call returns.</param>
    /// <param name="options">How; <see langword="null"/> for the defaults, which are kcopyd's.</param>
    /// <param name="cancellationToken">
    /// Starts no new pieces; those in flight end, and the result is <see cref="CopyOutcome.Cancelled"/> with the sector to resume at. There is no
    /// <see cref="OperationCanceledException"/>. A job whose last piece has been started is not cancelled any more.
    /// </param>
    /// <returns>How it ended, a device's failure included. The task completes on the thread pool.</returns>
    /// <exception cref="ArgumentException">
    /// There are 0 destinations or more than 64; the counts differ; a region goes beyond its device's end, is off a logical block, overlaps another, or has a buffer
    /// offset; a destination is read-only; an option is invalid. The message says which, with the values. Nothing was submitted.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException"><see cref="CopyOptions.StartAt"/> is not in the regions, or an option is no such value.</exception>
    /// <exception cref="ObjectDisposedException">The service was disposed; or, when it is awaited, a device or the client.</exception>
    public ValueTask<CopyResult> CopyAsync(
        IoRegion source, ReadOnlySpan<IoRegion> destinations, CopyOptions? options = null, CancellationToken cancellationToken = default) =>
        RunAsync(source, destinations, options, cancellationToken);

    /// <summary>Makes 1 to 64 regions read back as zeroes. kcopyd's <c>dm_kcopyd_zero</c>.</summary>
    /// <param name="destinations">What is zeroed, all at once. The span is not used after the call returns.</param>
    /// <param name="options">How; <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">As in <see cref="CopyAsync"/>.</param>
    /// <returns>How it ended.</returns>
    /// <remarks>A destination that can make zeroes itself does (<see cref="DmIoClient.WriteZeroes(ReadOnlySpan{IoRegion})"/>), the others are written; kcopyd writes all of them then.</remarks>
    /// <inheritdoc cref="CopyAsync" path="/exception"/>
    public ValueTask<CopyResult> WriteZeroesAsync(
        ReadOnlySpan<IoRegion> destinations, CopyOptions? options = null, CancellationToken cancellationToken = default) =>
        RunAsync(source: null, destinations, options, cancellationToken);

    /// <summary>Copies a region to 1 to 64 others, and calls back. kcopyd's <c>dm_kcopyd_copy</c>.</summary>
    /// <param name="source">What is read, once.</param>
    /// <param name="destinations">What is written, all at once. The span is not used after the call returns.</param>
    /// <param name="notify">Called exactly once, on the thread pool; never when this method throws.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="options">How; <see langword="null"/> for the defaults.</param>
    /// <inheritdoc cref="CopyAsync" path="/exception"/>
    public void Submit(IoRegion source, ReadOnlySpan<IoRegion> destinations, CopyNotify notify, object? context = null, CopyOptions? options = null) =>
        Call(source, destinations, notify, context, options);

    /// <summary>Makes 1 to 64 regions read back as zeroes, and calls back.</summary>
    /// <param name="destinations">What is zeroed, all at once. The span is not used after the call returns.</param>
    /// <param name="notify">Called exactly once, on the thread pool; never when this method throws.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="options">How; <see langword="null"/> for the defaults.</param>
    /// <inheritdoc cref="WriteZeroesAsync" path="/remarks"/>
    /// <inheritdoc cref="CopyAsync" path="/exception"/>
    public void SubmitWriteZeroes(ReadOnlySpan<IoRegion> destinations, CopyNotify notify, object? context = null, CopyOptions? options = null) =>
        Call(source: null, destinations, notify, context, options);

    private ValueTask<CopyResult> RunAsync(IoRegion? source, ReadOnlySpan<IoRegion> destinations, CopyOptions? options, CancellationToken cancellationToken)
    {
        options ??= new CopyOptions();
        long unit = CopyRules.Check(source, destinations, options, Options);
        TaskCompletionSource<CopyResult> awaited = new(TaskCreationOptions.RunContinuationsAsynchronously);
        CopyJob job = new(this, source, destinations.ToArray(), options, unit) { Awaited = awaited };
        Add(job);
        if (cancellationToken.CanBeCanceled)
            job.EndsWith(cancellationToken.UnsafeRegister(static job => ((CopyJob)job!).CancelFromToken(), job));
        Begin(job);
        return new ValueTask<CopyResult>(awaited.Task);
    }

    private void Call(IoRegion? source, ReadOnlySpan<IoRegion> destinations, CopyNotify notify, object? context, CopyOptions? options)
    {
        ArgumentNullException.ThrowIfNull(notify);
        options ??= new CopyOptions();
        long unit = CopyRules.Check(source, destinations, options, Options);
        CopyJob job = new(this, source, destinations.ToArray(), options, unit) { Notify = notify, Context = context };
        Add(job);
        Begin(job);
    }
}
