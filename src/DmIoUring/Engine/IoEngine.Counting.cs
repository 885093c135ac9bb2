using System.Runtime.CompilerServices;
using DmIoUring.Devices;
using DmIoUring.Diagnostics;

namespace DmIoUring.Engine;

/// <content>Counts by device what has ended.</content>
/// <remarks>
/// Operations are counted by region: a chunk of the fast path is one, and the legs of every other request are counted when it ends. Bytes are counted by chunk.
/// </remarks>
internal sealed unsafe partial class IoEngine<TRing>
{
    /// <summary>Counts bytes of a chunk that were transferred.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Count(Chunk* chunk, Request request, uint bytes) => Count(chunk, request, ChunkRules.BytesOf(chunk->Kind), bytes);

    private void Count(Chunk* chunk, Request request, DeviceCounter counter, long number)
    {
        if (chunk->Slot >= 0)
            Devices![chunk->Slot].Counters.Add(counter, number);
        else
            Count(request.Legs[chunk->Region], counter, number);
    }

    /// <summary>A device that is held has counters of this engine's own; any other's are shared.</summary>
    private void Count(in Leg leg, DeviceCounter counter, long number)
    {
        if (leg.Slot != DeviceTable.NoSlot)
            Devices![leg.Slot].Counters.Add(counter, number);
        else
            leg.Device.Counters.Shared.AddShared(counter, number);
    }

    private void NoteShortTransfer(Chunk* chunk, Request request)
    {
        // Zeroes are written in pieces of the pages that hold them.
        if (chunk->Kind == ChunkKind.ZeroPages)
            return;
        Counters.ShortTransfers++;
        Count(chunk, request, DeviceCounter.ShortTransfers, 1);
    }

    private void NoteRetry(Chunk* chunk, Request request)
    {
        Counters.Retries++;
        Count(chunk, request, DeviceCounter.Retries, 1);
    }

    /// <summary>The only chunk of a region has failed.</summary>
    private void NoteFastFailure(Chunk* chunk, Request request) =>
        Count(chunk, request, request.HasFailed(chunk->Region) ? DeviceCounter.Failed : DeviceCounter.Unsupported, 1);

    /// <summary>Counts the regions of a request that has ended, while it still has its legs.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void CountRegions(Request request)
    {
        if (request.WillBeRepeated)
            return;
        for (int region = 0; region < request.LegCount; region++)
        {
            ref readonly Leg leg = ref request.Legs[region];
            if (request.FlushesFirst)
                Count(leg, DeviceCounter.Flushes, 1);
            if (leg.Length > 0)
                Count(leg, (DeviceCounter)request.Operation, 1);
            if (request.HasFailed(region))
                Count(leg, DeviceCounter.Failed, 1);
            else if (request.IsUnsupported(region))
                Count(leg, DeviceCounter.Unsupported, 1);
        }
    }
}
