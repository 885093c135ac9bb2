using DmIoUring.ScratchDevices;
using DmIoUring.Services;

namespace DmIoUring.ServiceTests.Copying;

/// <summary>A copy of many pieces allocates what one of few does.</summary>
[Collection(nameof(AloneCollection))]
public sealed class CopyAllocationTests
{
    private const int PieceBytes = 4096;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Pieces_AllocateNothing(bool isSequential)
    {
        const int pieces = 4096;
        using ScratchFile from = ScratchFile.Create(pieces * PieceBytes);
        using ScratchFile to = ScratchFile.Create(pieces * PieceBytes);
        using BlockDevice source = BlockDevice.Open(from.Path, new BlockDeviceOptions { Direct = false });
        using BlockDevice destination = BlockDevice.Open(to.Path, new BlockDeviceOptions { Direct = false });
        await using DmIoClient client = new();
        await using CopyService service = new(client, new CopyServiceOptions { PieceBytes = PieceBytes });
        await AllocatedAsync(pieces);
        long few = await AllocatedAsync(pieces / 8);
        long many = await AllocatedAsync(pieces);

        // Less than a byte for each piece, for what the process does besides.
        Assert.InRange(many - few, long.MinValue, pieces);

        async Task<long> AllocatedAsync(long count)
        {
            long sectors = count * PieceBytes / IoRegion.SectorSize;
            long before = GC.GetTotalAllocatedBytes(precise: true);
            CopyResult result = await service.CopyAsync(new IoRegion(source, 0, sectors), [new IoRegion(destination, 0, sectors)], new CopyOptions { SequentialWrites = isSequential });
            CopyBench.AssertComplete(result, sectors);
            return GC.GetTotalAllocatedBytes(precise: true) - before;
        }
    }
}
