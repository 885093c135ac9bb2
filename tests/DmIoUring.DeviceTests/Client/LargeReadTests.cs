namespace DmIoUring.DeviceTests.Client;

/// <summary>More than 2 GiB in one request.</summary>
public sealed class LargeReadTests(LargeFile file) : IClassFixture<LargeFile>
{
    [Theory]
    [InlineData(CallWay.Sync, 1 << 20)]
    [InlineData(CallWay.Sync, DmIoOptions.MaxChunkBytes)]
    [InlineData(CallWay.Callback, 1 << 20)]
    [InlineData(CallWay.Callback, DmIoOptions.MaxChunkBytes)]
    public void MoreThan2GiB_ThroughOneBuffer(CallWay way, int chunkBytes)
    {
        BlockDevice device = file.Device;
        using ClientUnderTest client = new(way, new DmIoOptions { ChunkBytes = chunkBytes });
        file.At(0).Clear();
        file.At(LargeFile.MiddleOffset).Clear();
        file.At(LargeFile.LastOffset).Clear();
        Assert.Equal(default, client.Read(IoRegion.Whole(device), file.Memory));
        Assert.True(file.At(0).SequenceEqual(file.First));
        Assert.True(file.At(LargeFile.MiddleOffset).SequenceEqual(file.Middle));
        Assert.True(file.At(LargeFile.LastOffset).SequenceEqual(file.Last));
    }

    [Fact]
    public unsafe void MoreThan2GiB_ThroughVectors()
    {
        const int piece = 1 << 20;
        BlockDevice device = file.Device;
        using ClientUnderTest client = new(CallWay.Awaited);
        byte* start = (byte*)file.Memory.Pointer;
        List<IoVector> vectors = [];
        for (long at = 0; at < LargeFile.Size; at += piece)
            vectors.Add(new IoVector(start + at, (nuint)Math.Min(piece, LargeFile.Size - at)));
        file.At(0).Clear();
        file.At(LargeFile.MiddleOffset).Clear();
        file.At(LargeFile.LastOffset).Clear();
        Assert.Equal(default, client.Read(IoRegion.Whole(device), IoBuffer.Vectors(vectors.ToArray())));
        Assert.True(file.At(0).SequenceEqual(file.First));
        Assert.True(file.At(LargeFile.MiddleOffset).SequenceEqual(file.Middle));
        Assert.True(file.At(LargeFile.LastOffset).SequenceEqual(file.Last));
    }
}
