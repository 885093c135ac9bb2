namespace DmIoUring.Services.Mirroring.Metadata;

/// <summary>Reads the metadata of a leg.</summary>
internal sealed class SuperblockReader(DmIoClient client)
{
    /// <summary>The leg that a device is.</summary>
    /// <exception cref="MirrorException">It is none.</exception>
    public async Task<FoundLeg> ReadAsync(BlockDevice device, CancellationToken cancellationToken)
    {
        (FoundLeg? leg, string why) = await TryReadAsync(device, cancellationToken).ConfigureAwait(false);
        return leg ?? throw new MirrorException(MirrorRefusal.NoMetadata, NoLeg(device, why));
    }

    public static string NoLeg(BlockDevice device, string why) => FormattableString.Invariant(
        $"{device.Path} is no leg of a mirror: at the end of its {device.SectorCount} sectors the first superblock {why}. If it was one before, look whether its size has changed.");

    /// <summary>The leg that a device is, or null. A device that can't be read is none.</summary>
    public async Task<FoundLeg?> FindAsync(BlockDevice device, CancellationToken cancellationToken) => (await TryReadAsync(device, cancellationToken).ConfigureAwait(false)).Leg;

    /// <summary>A mirror's log: what the log of any leg in sync says is dirty; all regions of a block that is valid on none of them.</summary>
    public async Task<ulong[]> ReadLogAsync(IEnumerable<BlockDevice> inSync, Guid mirror, MirrorLayout layout, CancellationToken cancellationToken)
    {
        ulong[] dirty = new ulong[layout.LogBlocks * LogBlock.WordsPerBlock];
        BlockDevice[] devices = [.. inSync];
        for (int block = 0; block < layout.LogBlocks; block++)
        {
            Memory<ulong> bits = dirty.AsMemory(block * LogBlock.WordsPerBlock, LogBlock.WordsPerBlock);
            bool isKnown = false;
            foreach (BlockDevice device in devices)
                isKnown |= await TryAddLogAsync(device, mirror, layout, block, bits, cancellationToken).ConfigureAwait(false);
            if (!isKnown)
                bits.Span.Fill(ulong.MaxValue);
        }

        // Bits behind the last region mean nothing.
        for (int region = layout.Regions; region < dirty.Length * 64; region++)
            dirty[region / 64] &= ~(1UL << region % 64);
        return dirty;
    }

    /// <summary>The leg that a device is, or why it is none.</summary>
    public async Task<(FoundLeg? Leg, string Why)> TryReadAsync(BlockDevice device, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        string why = "does not fit";
        FoundLeg? newest = null;
        if (device.SectorCount < MirrorLayout.Superblocks * MirrorLayout.BlockSectors)
            return (null, why);
        using IoMemory memory = IoMemory.Allocate(MirrorLayout.BlockBytes);
        for (int slot = MirrorLayout.Superblocks - 1; slot >= 0; slot--)
        {
            IoRegion region = new(device, MirrorLayout.SuperblockSector(device.SectorCount, slot), MirrorLayout.BlockSectors);
            IoResult result = await client.ReadAsync(region, memory, cancellationToken: CancellationToken.None).ConfigureAwait(false);
            if (!result.IsSuccess)
            {
                why = $"can't be read ({result.First})";
                continue;
            }

            if (Superblock.TryRead(memory.GetSpan(), out why) is { } superblock && (newest is null || superblock.Changes > newest.Superblock.Changes))
                newest = new FoundLeg(device, superblock);
        }

        return (newest, why);
    }

    /// <summary>Adds the bits of a block of a leg's log.</summary>
    /// <returns>Whether the block is valid.</returns>
    private async Task<bool> TryAddLogAsync(BlockDevice device, Guid mirror, MirrorLayout layout, int block, Memory<ulong> bits, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using IoMemory memory = IoMemory.Allocate(MirrorLayout.BlockBytes);
        IoResult result = await client.ReadAsync(new IoRegion(device, layout.LogSector(device.SectorCount, block), MirrorLayout.BlockSectors), memory, cancellationToken: CancellationToken.None).ConfigureAwait(false);
        return result.IsSuccess && LogBlock.TryAdd(memory.GetSpan(), mirror, block, bits.Span);
    }
}
