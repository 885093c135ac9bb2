using System.Runtime.CompilerServices;
using DmIoUring.Devices;
using DmIoUring.Interop;

namespace DmIoUring.Engine;

/// <content>
/// Inline transfers: on a device that completes a transfer within the call and for which io_uring needs a worker thread of the kernel
/// (<see cref="NonBlockingProbe"/>), the owner makes the system call itself, in <see cref="Dispatch"/>.
/// </content>
/// <remarks>
/// Whether a device sleeps after all is watched: what lies behind it may change (zram writes pages back to a disk, a table of device-mapper is
/// replaced). After a call that slept, the device's next transfers use the ring. With a time limit all do: a call can't be cancelled, and while one sleeps
/// nobody else's limit is kept.
/// </remarks>
internal sealed unsafe partial class IoEngine<TRing>
{
    /// <summary>The longest region in bytes whose transfers are inline. A longer one is worth a worker thread: it would keep the owner from everything else.</summary>
    public const uint MaxInlineBytes = 64 << 10;

    /// <summary>A call that takes longer may have slept: the next ones are watched. Nanoseconds by the ring's clock.</summary>
    private const long SuspectTime = 100_000;

    /// <summary>The time for inline transfers in one turn: completions and new requests must not wait for all of them.</summary>
    /// <remarks>Nanoseconds by the ring's clock, so that a simulation takes the same steps however long they take.</remarks>
    private const long InlineTurnTime = 100_000;

    private readonly ChunkQueue _inline;

    /// <summary>How many transfers are watched after a slow one.</summary>
    private const int WatchedTransfers = 8;

    /// <summary>Inline transfers to watch for sleeping.</summary>
    private int _watched;

    /// <summary>Whether a chunk on a device with inline transfers is one. What holds for a region's first chunk holds for all.</summary>
    private bool IsInline(ChunkKind kind, Request request, ref Leg leg)
    {
        if (!kind.HasBuffer())
            return false;
        if (leg.Offset == leg.Start)
            leg.IsInline = leg.Remaining <= MaxInlineBytes && request.Priority == 0 && _timeLimit == 0 && MayRunInline(leg.Slot);
        return leg.IsInline;
    }

    /// <summary>Whether nothing else of the device is in flight. With more, the kernel's workers are better: they use all processors, and one wake-up serves several.</summary>
    private bool MayRunInline(int slot) => slot == DeviceTable.NoSlot ? InFlight == 0 : Devices![slot].Chunks == 0 && Devices.MayRunInline(slot);

    /// <summary>Carries out inline transfers that were there at the beginning, for a limited time. Callbacks run during this call.</summary>
    /// <returns>How many.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private int RunInline()
    {
        int most = _inline.Count;
        long end = _ring.Now + InlineTurnTime;
        long now;
        int done = 0;
        do
        {
            int index = _inline.RemoveFirst();
            Request request = _owners[index]!;
            if (_chunks[index].Kind == ChunkKind.Abandoned || request.StopCause != IoFailureCause.None)
                CompleteOtherwise(index, -Errno.ECANCELED);
            else
                RunInline(index, request);
            now = _ring.Now;
        }
        while (++done < most && now < end);
        return done;
    }

    private void RunInline(int index, Request request)
    {
        Chunk* chunk = &_chunks[index];
        IoUringSqe entry;
        Iovec* vectors = stackalloc Iovec[chunk->Run < chunk->Length ? MaxRuns : 1];
        WriteForSystemCall(&entry, index, request, vectors);
        long sleeps = _watched > 0 ? _ring.Sleeps : 0;
        long began = _ring.Now;
        int result = _ring.Execute(entry);
        Counters.InlineTransfers++;
        if (_watched > 0)
            NoteWatched(_ring.Sleeps != sleeps, request.Legs[chunk->Region].Slot);
        else if (_ring.Now - began > SuspectTime)
            _watched = WatchedTransfers;
        if (result == (int)chunk->Length && chunk->Bounce == Chunk.NoBounce)
            End(index, (uint)result);
        else
            CompleteOtherwise(index, result);
    }

    private void NoteWatched(bool slept, int slot)
    {
        _watched--;
        if (slept && slot != DeviceTable.NoSlot)
            Devices!.PauseInline(slot);
    }
}
