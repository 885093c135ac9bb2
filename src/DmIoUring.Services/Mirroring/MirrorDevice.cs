using System.Globalization;
using System.Security.Cryptography;
using DmIoUring.Services.Mirroring;
using DmIoUring.Services.Mirroring.Checksums;
using DmIoUring.Services.Mirroring.Metadata;

namespace DmIoUring.Services;

/// <summary>
/// Two to 64 block devices or files as one: every write goes to all of them, a read to one, and a leg that fails is left out until it is brought up to date again. dm-mirror
/// (drivers/md/dm-raid1.c) on this library's public surface.
/// </summary>
/// <remarks>
/// <para><b>Threads.</b> Every method may be called from any thread. Those that wait (<see cref="Read"/>, <see cref="Write"/>, <see cref="Flush"/>, <see cref="Dispose"/>) are refused in a callback of a client or a reactor. Requests are not ordered among each other, except that
/// writes that overlap go one after the other.</para>
/// <para><b>On the legs.</b> The data begins at each leg's sector 0, so that a leg alone can be used as it is, read-only. At its end stand two superblocks and the log of the
/// regions that may differ: docs/mirrors.md describes them. A leg that is written to without its mirror is no leg any more.</para>
/// <para><b>Failures.</b> A leg that fails a write, a discard or a flush is out of sync, which is recorded on the other legs before the request ends. The last leg in sync stays:
/// then the request fails. <see cref="IoResult.Unsupported"/> of a discard takes out no leg.</para>
/// <para>The mirror opens and disposes neither the client nor the legs' devices. Nobody else may write to them meanwhile.</para>
/// </remarks>
public sealed partial class MirrorDevice : IAsyncDisposable, IDisposable
{
    /// <summary>The fewest legs.</summary>
    public const int MinLegs = 2;

    /// <summary>The most legs: what one write can go to.</summary>
    public const int MaxLegs = IoRegion.MaxRegions;

    private readonly MirrorOptions _options;
    private readonly MirrorLayout _layout;
    private readonly MirrorLeg[] _legs;
    private readonly RangeLocks _locks = new();
    private readonly MetadataWriter _metadata;
    private readonly LegChangeQueue _legChanges;
    private readonly Stack<MirrorCall> _freeCalls = [];
    private readonly ulong _session = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
    private readonly IoMemory _zeroes = IoMemory.Allocate(64 << 10);
    private readonly TaskCompletionSource _lastCallEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ITimer? _cleanTimer;
    private Task? _cleaning;
    private Task? _disposal;
    private int _calls;

    private MirrorDevice(DmIoClient client, Guid id, MirrorLayout layout, MirrorLeg[] legs, long changes, ChangeStamp recorded, MirrorOptions options)
    {
        Client = client;
        Id = id;
        _layout = layout;
        _legs = legs;
        _options = options;
        Changes = changes;
        RecordedChange = recorded;
        Log = new DirtyLog(layout);
        _unsynced = new RegionSet(layout.Regions);
        _metadata = new MetadataWriter(this, layout, legs.Length);
        _legChanges = new LegChangeQueue(options.LegChanged);
        LogicalBlockSize = legs.Max(static leg => leg.Device?.LogicalBlockSize ?? IoRegion.SectorSize);
        if (layout.HasChecksums)
        {
            LogicalBlockSize = MirrorLayout.BlockBytes;
            _checksums = new ChecksumTable(layout);
            _checksumStore = layout.IsInMemory ? null : new ChecksumStore(this, layout, _checksums);
        }
    }

    /// <summary>The mirror's id, which every leg has.</summary>
    public Guid Id { get; }

    /// <summary>Sectors of 512 bytes.</summary>
    public long SectorCount => _layout.Sectors;

    /// <summary>Bytes.</summary>
    public long Size => _layout.Sectors * IoRegion.SectorSize;

    /// <summary>Bytes that every request must be a multiple of and aligned to: the largest logical block of the legs, or 4,096 with checksums.</summary>
    public int LogicalBlockSize { get; }

    /// <summary>Sectors of 512 bytes of a region of the log.</summary>
    public long RegionSectors => _layout.RegionSectors;

    /// <summary>Regions that may differ between the legs, by the log: those written lately, and all that were written since a leg is out of sync.</summary>
    public long DirtyRegions
    {
        get
        {
            lock (Gate)
                return Log.CountDirty();
        }
    }

    /// <summary>The legs as they are now.</summary>
    public IReadOnlyList<MirrorLegStatus> Legs
    {
        get
        {
            lock (Gate)
                return Array.ConvertAll(_legs, static leg => leg.Status);
        }
    }

    /// <summary>Whether something is left to do for <see cref="ResyncAsync"/>: a leg with a device is out of sync, or legs in sync may differ where they were written when the mirror was not closed.</summary>
    public bool NeedsResync
    {
        get
        {
            lock (Gate)
                return _unsynced.Any || _legs.Any(static leg => leg.State is MirrorLegState.OutOfSync or MirrorLegState.Resyncing);
        }
    }

    /// <summary>Guards the legs, the log, the locked ranges and the calls. Never held while I/O is waited for.</summary>
    internal Lock Gate { get; } = new();

    internal DmIoClient Client { get; }

    internal DirtyLog Log { get; }

    /// <summary>Counts the changes of what superblocks say.</summary>
    internal long Changes { get; private set; }

    internal ChangeStamp NewestChange => new(Changes, _session);

    /// <summary>The last of them that is on the medium of all legs in sync.</summary>
    internal ChangeStamp RecordedChange { get; set; }

    /// <summary>Whether the states of the legs are on the medium.</summary>
    internal bool IsRecorded
    {
        get
        {
            lock (Gate)
                return NewestChange == RecordedChange;
        }
    }

    /// <summary>Human-readable: id, size and the legs' states.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"mirror {Id} ({Size} bytes): {string.Join(", ", Legs)}");

    /// <summary>
    /// Waits for the requests that are under way, flushes the legs, writes to the log that they are equal where they are, and ends. A resync that is under way is cancelled. What could not be flushed
    /// is resynchronized when the mirror is opened again.
    /// </summary>
    /// <returns>Ends when nothing of it is in flight any more.</returns>
    public ValueTask DisposeAsync()
    {
        lock (Gate)
            return new ValueTask(_disposal ??= Task.Run(EndAsync));
    }

    /// <summary>As <see cref="DisposeAsync"/>, and waits. Not in a callback of a client or a reactor, nor of <see cref="MirrorOptions.LegChanged"/>.</summary>
    /// <exception cref="InvalidOperationException">The calling thread runs a callback of a client or a reactor.</exception>
    public void Dispose()
    {
        RefuseInCallback();
        DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    internal SuperblockEntry[] Entries() => Array.ConvertAll(_legs, static leg => leg.Entry);

    internal Superblock SuperblockOf(MirrorLeg leg, SuperblockEntry[] entries, ChangeStamp change) => SuperblockOf(leg, entries, change, RecordedChange);

    private Superblock SuperblockOf(MirrorLeg leg, SuperblockEntry[] entries, ChangeStamp change, ChangeStamp previous) => new()
    {
        Mirror = Id,
        Change = change,
        Previous = previous,
        Layout = _layout,
        Leg = leg.Index,
        Entries = entries,
        AreChecksumsWhole = AreChecksumsWhole,
    };

    /// <summary>Writes metadata to the legs of a call, and again where the host is to blame and no leg.</summary>
    internal async Task<LegFailures> WriteMetadataAsync(MirrorCall call, IoRegion[] regions, IoMemory memory, IoFlags flags)
    {
        LegFailures failures = default;
        if (_layout.IsInMemory || regions.Length == 0)
            return failures;
        IoResult result = await Client.WriteAsync(regions, memory.ToBuffer(), new IoRequestOptions(flags, Report: call.Report)).ConfigureAwait(false);
        foreach (int region in result.Failed | result.Unsupported)
        {
            IoFailure failure = call.Failure(result, region);
            bool isUnsupported = result.Unsupported[region];
            for (int retry = 1; retry <= MostRetries && LegFailures.IsHostFailure(failure, isUnsupported); retry++)
            {
                await DelayRetryAsync(retry).ConfigureAwait(false);
                IoResult again = await Client.WriteAsync(regions[region], memory.ToBuffer(), flags).ConfigureAwait(false);
                failure = again.First;
                isUnsupported = !again.Unsupported.IsEmpty;
            }

            if (failure.Cause != IoFailureCause.None)
                failures.Add(call.Legs[region], failure, isUnsupported);
        }

        return failures;
    }

    /// <summary>Must be called with the lock held.</summary>
    internal MirrorCall RentCall(Func<MirrorLeg, bool> predicate)
    {
        MirrorCall call = _freeCalls.Count > 0 ? _freeCalls.Pop() : new MirrorCall();
        call.Legs = LegsThat(predicate);
        return call;
    }

    /// <summary>Must be called with the lock held.</summary>
    internal void ReturnCall(MirrorCall call)
    {
        call.Clear();
        _freeCalls.Push(call);
    }

    /// <summary>
    /// Takes out the legs that have failed a request, if a leg in sync has carried it out; otherwise no leg is taken out. Must be called with the lock held.
    /// </summary>
    /// <returns>Whether a leg in sync has carried it out.</returns>
    internal bool TakeOut(MirrorLeg[] legs, in LegFailures failures, bool unsupportedToo = true)
    {
        bool isDone = false;
        foreach (MirrorLeg leg in legs)
        {
            isDone |= leg.IsInSync && !failures.Has(leg);
            if (failures.Has(leg))
                leg.FailedWrites++;
        }

        if (!isDone)
            return false;
        foreach (MirrorLeg leg in legs)
        {
            if (failures.Has(leg) && (unsupportedToo || !failures.IsUnsupported(leg)) && leg.IsWritten)
                SetState(leg, MirrorLegState.OutOfSync, failures.Reason(leg));
        }

        return true;
    }

    /// <summary>Must be called with the lock held.</summary>
    private void SetState(MirrorLeg leg, MirrorLegState state, string? reason)
    {
        MirrorLegState before = leg.State;

        // One that was replaced, of which a late request has failed, is no leg any more.
        if (before == state || _legs[leg.Index] != leg)
            return;
        if (before == MirrorLegState.InSync || state is MirrorLegState.InSync or MirrorLegState.Resyncing)
            Changes++;
        leg.State = state;
        leg.Reason = reason;
        _writtenLegs = null;
        _legChanges.Add(new MirrorLegChange(leg.Status, before));
    }

    /// <summary>Must be called with the lock held.</summary>
    internal MirrorLeg[] LegsThat(Func<MirrorLeg, bool> predicate) => Array.FindAll(_legs, new Predicate<MirrorLeg>(predicate));

    /// <summary>Must be called with the lock held.</summary>
    private void BeginCall()
    {
        ObjectDisposedException.ThrowIf(_disposal is not null, this);
        _calls++;
    }

    /// <summary>Must be called with the lock held.</summary>
    private void EndCall()
    {
        if (--_calls == 0 && _disposal is not null)
            _lastCallEnded.TrySetResult();
    }

    private async Task EndAsync()
    {
        Task last;
        ITimer? timer;
        lock (Gate)
        {
            timer = _cleanTimer;
            _resyncCancellation?.Cancel();
            last = _calls == 0 ? Task.CompletedTask : _lastCallEnded.Task;
        }

        try
        {
            if (timer is not null)
                await timer.DisposeAsync().ConfigureAwait(false);
            await last.ConfigureAwait(false);
            if (_cleaning is { } cleaning)
                await cleaning.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await CleanAsync(isLast: true).ConfigureAwait(false);
            await RecordEndAsync().ConfigureAwait(false);
        }
        finally
        {
            await EndUseAsync().ConfigureAwait(false);
        }
    }

    /// <summary>A copy of a leg that was made while the mirror was open is older from now on.</summary>
    private async Task RecordEndAsync()
    {
        try
        {
            await ChangeTwiceAsync().ConfigureAwait(false);
        }
        catch (ObjectDisposedException)
        {
            // The client or a device was disposed before the mirror: then nothing tells such a copy.
        }
    }

    private async Task EndUseAsync()
    {
        await _legChanges.EndAsync().ConfigureAwait(false);
        _metadata.Dispose();
        _checksumStore?.Dispose();
        _zeroes.Dispose();
    }
}
