using DmIoUring.Services.Mirroring.Metadata;

namespace DmIoUring.Services.Mirroring.Checksums;

/// <summary>
/// The checksums on the legs. Those of a region hold there while the log says that it is clean: they are written before the region's bit goes. Of a region that is dirty they hold
/// only where the mirror was closed.
/// </summary>
internal sealed class ChecksumStore(MirrorDevice mirror, MirrorLayout layout, ChecksumTable table) : IDisposable
{
    /// <summary>Blocks in one request.</summary>
    private const int BlocksAtOnce = 64;

    private readonly SemaphoreSlim _writing = new(1);

    /// <summary>What becomes of the legs that have failed. Called with the mirror's lock held.</summary>
    private delegate bool Judge(MirrorLeg[] legs, in LegFailures failures, bool unsupportedToo);

    /// <summary>Fills the table. Where legs say different things, or none can be read, a block has no checksum.</summary>
    public async Task LoadAsync(BlockDevice[] inSync, CancellationToken cancellationToken)
    {
        using IoMemory memory = IoMemory.Allocate(BlocksAtOnce * MirrorLayout.BlockBytes);
        for (int first = 0; first < layout.ChecksumBlocks; first += BlocksAtOnce)
        {
            int count = Math.Min(BlocksAtOnce, layout.ChecksumBlocks - first);
            bool[] isKnown = new bool[count];
            foreach (BlockDevice device in inSync)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (await TryReadAsync(device, first, count, memory).ConfigureAwait(false))
                    Merge(first, memory.GetSpan(), isKnown);
                else
                    await LoadOneByOneAsync(device, first, memory, isKnown).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Forgets those of regions for which they do not hold.</summary>
    public void Forget(DirtyLog log)
    {
        for (int region = 0; region < layout.Regions; region++)
        {
            if (log.IsDirty(region))
                table.Forget(layout.Region(region).Sector, layout.Region(region).Count);
        }
    }

    /// <summary>Writes those of some regions to all legs in sync, durably. A leg that fails it is out of sync.</summary>
    /// <param name="regions">In ascending order.</param>
    /// <returns>Whether a leg in sync has all of them.</returns>
    public Task<bool> WriteAsync(List<int> regions) => WriteAsync(regions, static leg => leg.IsInSync, IoFlags.Fua, mirror.TakeOut, CancellationToken.None);

    /// <summary>
    /// Writes those of regions that were copied, also to the legs that they were copied to; the flush that ends the resync makes them durable. What changes meanwhile is in regions that are dirty.
    /// </summary>
    /// <returns>Whether all were written; false: it was cancelled. A leg that fails it is out of sync.</returns>
    public Task<bool> WriteCopiedAsync(List<int> regions, CancellationToken cancellation) => WriteAsync(regions, static leg => leg.IsWritten, IoFlags.None, Fail, cancellation);

    public void Dispose() => _writing.Dispose();

    private bool Fail(MirrorLeg[] legs, in LegFailures failures, bool unsupportedToo)
    {
        foreach (MirrorLeg leg in legs)
        {
            if (failures.Has(leg))
                mirror.FailCopy(leg, failures.Reason(leg));
        }

        return true;
    }

    private async Task<bool> WriteAsync(List<int> regions, Func<MirrorLeg, bool> predicate, IoFlags flags, Judge judge, CancellationToken cancellation)
    {
        using IoMemory memory = IoMemory.Allocate(BlocksAtOnce * MirrorLayout.BlockBytes);
        int next = 0;
        for (int at = 0; at < regions.Count;)
        {
            int first = Math.Max(next, FirstBlock(regions[at])), last = LastBlock(regions[at]);
            for (at++; at < regions.Count && FirstBlock(regions[at]) <= last + 1; at++)
                last = LastBlock(regions[at]);
            for (next = first; next <= last; next += BlocksAtOnce)
            {
                if (cancellation.IsCancellationRequested || !await WriteAsync(next, Math.Min(BlocksAtOnce, last + 1 - next), memory, predicate, flags, judge).ConfigureAwait(false))
                    return false;
            }

            next = last + 1;
        }

        return true;
    }

    /// <summary>One such write at a time: of two of the same block, the older could arrive last.</summary>
    private async Task<bool> WriteAsync(int first, int count, IoMemory memory, Func<MirrorLeg, bool> predicate, IoFlags flags, Judge judge)
    {
        await _writing.WaitAsync().ConfigureAwait(false);
        MirrorCall? call = null;
        try
        {
            int alone;
            lock (mirror.Gate)
            {
                call = mirror.RentCall(predicate);
                alone = Math.Max(0, Array.FindIndex(call.Legs, static leg => leg.IsInSync));
            }

            for (int at = 0; at < count; at++)
                ChecksumBlock.Write(Block(memory.GetSpan(), at), mirror.Id, first + at, table.Entries(first + at));

            // One leg in sync, then the others: a loss of power can tear the blocks that are written, and they have the checksums of other regions too.
            LegFailures failures = await WriteAsync(call, leg => leg == alone, first, count, memory, flags | IoFlags.Fua).ConfigureAwait(false);
            if (call.Legs.Length > 1)
                failures = failures.Or(await WriteAsync(call, leg => leg != alone, first, count, memory, flags).ConfigureAwait(false));
            lock (mirror.Gate)
                return judge(call.Legs, failures, unsupportedToo: true);
        }
        finally
        {
            lock (mirror.Gate)
            {
                if (call is not null)
                    mirror.ReturnCall(call);
            }

            _writing.Release();
        }
    }

    /// <summary>Writes to some legs of a call; the regions of the others are empty.</summary>
    private Task<LegFailures> WriteAsync(MirrorCall call, Func<int, bool> isMeant, int first, int count, IoMemory memory, IoFlags flags) => mirror.WriteMetadataAsync(
        call,
        [.. call.Legs.Select((leg, index) => new IoRegion(
            leg.Device!, layout.ChecksumSector(leg.Device!.SectorCount, first), isMeant(index) ? count * MirrorLayout.BlockSectors : 0))],
        memory,
        flags);

    private async Task<bool> TryReadAsync(BlockDevice device, int first, int count, IoMemory memory)
    {
        IoRegion region = new(device, layout.ChecksumSector(device.SectorCount, first), count * MirrorLayout.BlockSectors);
        return (await mirror.Client.ReadAsync(region, memory).ConfigureAwait(false)).IsSuccess;
    }

    /// <summary>A bad sector takes one block away, and not those beside it.</summary>
    private async Task LoadOneByOneAsync(BlockDevice device, int first, IoMemory memory, bool[] isKnown)
    {
        for (int at = 0; at < isKnown.Length; at++)
        {
            if (await TryReadAsync(device, first + at, 1, memory).ConfigureAwait(false))
                Merge(first + at, memory.GetSpan(), isKnown.AsSpan(at, 1));
        }
    }

    private void Merge(int first, ReadOnlySpan<byte> blocks, Span<bool> isKnown)
    {
        Span<uint> read = stackalloc uint[ChecksumBlock.Entries];
        for (int at = 0; at < isKnown.Length; at++)
        {
            Span<uint> entries = table.Entries(first + at), found = read[..entries.Length];
            if (!ChecksumBlock.TryRead(blocks.Slice(at * MirrorLayout.BlockBytes, MirrorLayout.BlockBytes), mirror.Id, first + at, found))
                continue;
            for (int i = 0; i < entries.Length; i++)
                entries[i] = !isKnown[at] || entries[i] == found[i] ? found[i] : 0;
            isKnown[at] = true;
        }
    }

    private int FirstBlock(int region) => (int)(layout.Region(region).Sector / MirrorLayout.BlockSectors / ChecksumBlock.Entries);

    private int LastBlock(int region)
    {
        (long sector, long count) = layout.Region(region);
        return (int)((sector + count - 1) / MirrorLayout.BlockSectors / ChecksumBlock.Entries);
    }

    private static Span<byte> Block(Span<byte> memory, int at) => memory.Slice(at * MirrorLayout.BlockBytes, MirrorLayout.BlockBytes);
}
