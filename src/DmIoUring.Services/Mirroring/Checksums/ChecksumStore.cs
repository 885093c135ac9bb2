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
    public async Task<bool> WriteAsync(List<int> regions)
    {
        using IoMemory memory = IoMemory.Allocate(BlocksAtOnce * MirrorLayout.BlockBytes);
        foreach ((int first, int count) in Batches(regions))
        {
            (MirrorLeg[] legs, LegFailures failures) = await WriteAsync(first, count, memory, static leg => leg.IsInSync, IoFlags.Fua, CancellationToken.None).ConfigureAwait(false);
            lock (mirror.Gate)
            {
                if (!mirror.TakeOut(legs, failures))
                    return false;
            }
        }

        return true;
    }

    /// <summary>
    /// Writes those of regions that were copied, also to the legs that they were copied to; the flush that ends the resync makes them durable. What changes meanwhile is in regions that are dirty. A leg
    /// that fails it is out of sync.
    /// </summary>
    /// <exception cref="OperationCanceledException">Not all were written.</exception>
    public async Task WriteCopiedAsync(List<int> regions, CancellationToken cancellation)
    {
        using IoMemory memory = IoMemory.Allocate(BlocksAtOnce * MirrorLayout.BlockBytes);
        foreach ((int first, int count) in Batches(regions))
        {
            cancellation.ThrowIfCancellationRequested();
            (MirrorLeg[] legs, LegFailures failures) = await WriteAsync(first, count, memory, static leg => leg.IsWritten, IoFlags.None, cancellation).ConfigureAwait(false);
            lock (mirror.Gate)
            {
                foreach (MirrorLeg leg in legs)
                {
                    if (failures.Has(leg))
                        mirror.FailCopy(leg, failures.Reason(leg));
                }
            }
        }
    }

    public void Dispose() => _writing.Dispose();

    /// <summary>The blocks that have the checksums of regions: each once, in pieces of a request.</summary>
    private IEnumerable<(int First, int Count)> Batches(List<int> regions)
    {
        int next = 0;
        for (int at = 0; at < regions.Count;)
        {
            int first = Math.Max(next, FirstBlock(regions[at])), last = LastBlock(regions[at]);
            for (at++; at < regions.Count && FirstBlock(regions[at]) <= last + 1; at++)
                last = LastBlock(regions[at]);
            for (; first <= last; first += BlocksAtOnce)
                yield return (first, Math.Min(BlocksAtOnce, last + 1 - first));
            next = last + 1;
        }
    }

    /// <summary>
    /// One such write at a time: of two of the same block, the older could arrive last. To one leg in sync, then to the others: a loss of power can tear the blocks that are written, and they have
    /// the checksums of other regions too.
    /// </summary>
    private async Task<(MirrorLeg[] Legs, LegFailures Failures)> WriteAsync(
        int first, int count, IoMemory memory, Func<MirrorLeg, bool> predicate, IoFlags flags, CancellationToken cancellation)
    {
        await _writing.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            MirrorLeg[] legs;
            lock (mirror.Gate)
                legs = mirror.LegsThat(predicate);
            for (int at = 0; at < count; at++)
                ChecksumBlock.Write(Block(memory.GetSpan(), at), mirror.Id, first + at, table.Entries(first + at));
            MirrorLeg? leader = Array.Find(legs, static leg => leg.IsInSync);
            LegFailures failures = await WriteToAsync(leg => leg == leader, first, count, memory, flags | IoFlags.Fua).ConfigureAwait(false);
            failures.Add(await WriteToAsync(leg => leg != leader && legs.Contains(leg), first, count, memory, flags).ConfigureAwait(false));
            return (legs, failures);
        }
        finally
        {
            _writing.Release();
        }
    }

    private async Task<LegFailures> WriteToAsync(Func<MirrorLeg, bool> predicate, int first, int count, IoMemory memory, IoFlags flags)
    {
        MirrorCall call;
        lock (mirror.Gate)
            call = mirror.RentCall(predicate);
        try
        {
            IoRegion[] regions = Array.ConvertAll(
                call.Legs, leg => new IoRegion(leg.Device!, layout.ChecksumSector(leg.Device!.SectorCount, first), count * MirrorLayout.BlockSectors));
            return await mirror.WriteMetadataAsync(call, regions, memory, flags).ConfigureAwait(false);
        }
        finally
        {
            lock (mirror.Gate)
                mirror.ReturnCall(call);
        }
    }

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
