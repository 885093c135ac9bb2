namespace DmIoUring.Services.Mirroring.Metadata;

/// <summary>Reads the metadata of a leg.</summary>
internal sealed class SuperblockReader(DmIoClient client)
{
    /// <summary>The leg that a device is.</summary>
    /// <exception cref="MirrorException">It is none.</exception>
    public async Task<FoundLeg> ReadAsync(BlockDevice device, CancellationToken cancellationToken)
    {
        (FoundLeg? leg, string why) = await TryReadAsync(device, cancellationToken).ConfigureAwait(false);
        return leg ?? throw new MirrorException(MirrorRefusal.NoMetadata, FormattableString.Invariant(
            $"{device.Path} is no leg of a mirror: at the end of its {device.SectorCount} sectors the first superblock {why}. If it was one before, look whether its size has changed."));
    }

    /// <summary>The leg that a device is, or null. A device that can't be read is none.</summary>
    public async Task<FoundLeg?> FindAsync(BlockDevice device, CancellationToken cancellationToken) => (await TryReadAsync(device, cancellationToken).ConfigureAwait(false)).Leg;

    /// <summary>Adds the bits of a block of a leg's log.</summary>
    /// <returns>Whether the block is valid.</returns>
    public async Task<bool> TryAddLogAsync(BlockDevice device, Guid mirror, MirrorLayout layout, int block, Memory<ulong> bits, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using IoMemory memory = IoMemory.Allocate(MirrorLayout.BlockBytes);
        IoResult result = await client.ReadAsync(new IoRegion(device, layout.LogSector(device.SectorCount, block), MirrorLayout.BlockSectors), memory, cancellationToken: CancellationToken.None).ConfigureAwait(false);
        return result.IsSuccess && LogBlock.TryAdd(memory.GetSpan(), mirror, block, bits.Span);
    }

    private async Task<(FoundLeg? Leg, string Why)> TryReadAsync(BlockDevice device, CancellationToken cancellationToken)
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
}
