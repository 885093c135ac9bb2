using DmIoUring.Engine;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Client;

/// <summary>A file of 1,000 bytes: its last 488 are less than a sector, and can be read where the page cache gives them.</summary>
public sealed class OddEndTests
{
    private const int Bytes = 1000;
    private static readonly BlockDeviceOptions Buffered = new() { Access = DeviceAccess.ReadWrite, Direct = false };

    public static TheoryData<CallWay, BufferShape> Shapes
    {
        get
        {
            TheoryData<CallWay, BufferShape> data = [];
            foreach (CallWay way in Ways.Calls)
            {
                foreach (BufferShape shape in Enum.GetValues<BufferShape>().Where(static shape => shape != BufferShape.Sequence))
                    data.Add(way, shape);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void BufferedRead_GivesTheOddEnd_AndZeroesAfterIt(CallWay way, BufferShape shape)
    {
        using ScratchFile file = FileOf(Bytes);
        using BlockDevice device = BlockDevice.Open(file.Path, Buffered);
        using ClientUnderTest client = new(way) { OddBytes = 24 };
        client.Warm(device);
        using ShapedBuffer buffer = client.NewBuffer(shape, 1024, seed: 7);

        Assert.Equal(default, client.Read(new IoRegion(device, 0, 2), buffer.Buffer));

        byte[] read = buffer.ToArray();
        Assert.Equal(Content(Bytes), read[..Bytes]);
        Assert.All(read[Bytes..], static value => Assert.Equal(0, value));
        Assert.Equal(Bytes, device.Statistics.ReadBytes);
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void OddEndOfManyChunks_IsRead(CallWay way)
    {
        const int size = (5 << 20) + 3;
        using ScratchFile file = FileOf(size);
        using BlockDevice device = BlockDevice.Open(file.Path, Buffered);
        using ClientUnderTest client = new(way, new DmIoOptions { ChunkBytes = 1 << 20 }) { OddBytes = 509 };
        using IoMemory memory = IoMemory.Allocate(size + 509);
        memory.GetSpan().Fill(0xAA);

        Assert.Equal(default, client.Read(new IoRegion(device, 0, (size + 509) / 512), memory));

        Assert.True(memory.GetSpan()[..size].SequenceEqual(Content(size)));
        Assert.Equal(-1, memory.GetSpan()[size..].IndexOfAnyExcept((byte)0));
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void OddEnd_CanNeitherBeWrittenNorReadBeyond_NorReadDirectly(CallWay way)
    {
        using ScratchFile file = FileOf(Bytes);
        using BlockDevice device = BlockDevice.Open(file.Path, Buffered);
        using ClientUnderTest client = new(way) { OddBytes = 24 };
        using IoMemory memory = IoMemory.Allocate(4096);

        AssertBeyondEnd(client.Write(new IoRegion(device, 0, 2), memory));
        AssertBeyondEnd(client.Write(new IoRegion(device, 1, 1), memory));
        AssertBeyondEnd(client.Read(new IoRegion(device, 0, 3), memory));
        AssertBeyondEnd(client.Read(new IoRegion(device, 2, 1), memory));
        AssertBeyondEnd(client.Maintain(IoOperation.Discard, new IoRegion(device, 1, 1)));
        Assert.Equal(Bytes, new FileInfo(file.Path).Length);

        using BlockDevice direct = BlockDevice.Open(file.Path, new BlockDeviceOptions { Access = DeviceAccess.ReadWrite });
        AssertBeyondEnd(client.Read(new IoRegion(direct, 0, 2), memory));
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void FileThatWasShortenedMeanwhile_EndsEarly_AndItsOldEndDoesNotCount(CallWay way)
    {
        using ScratchFile file = FileOf(Bytes);
        using BlockDevice device = BlockDevice.Open(file.Path, Buffered);
        using ClientUnderTest client = new(way) { OddBytes = 24 };
        using IoMemory memory = IoMemory.Allocate(4096);
        using (FileStream stream = File.OpenWrite(file.Path))
            stream.SetLength(900);

        IoResult result = client.Read(new IoRegion(device, 0, 2), memory);

        Assert.Equal(IoFailureCause.EndedEarly, result.First.Cause);
        device.Refresh();
        client.OddBytes = 124;
        Assert.Equal(default, client.Read(new IoRegion(device, 0, 2), memory));
    }

    /// <summary>What has come since the size was read is none of the request's: what was there then is, and that is a success.</summary>
    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void FileThatHasGrownInsideItsLastSector_IsReadToWhereItEnded(CallWay way)
    {
        using ScratchFile file = FileOf(Bytes);
        using BlockDevice device = BlockDevice.Open(file.Path, Buffered);
        using ClientUnderTest client = new(way) { OddBytes = 24 };
        using IoMemory memory = IoMemory.Allocate(4096);
        foreach (int size in (int[])[1001, 1010, 1023, 1024, 4096])
        {
            File.WriteAllBytes(file.Path, Content(size));
            memory.GetSpan().Fill(0xAA);

            Assert.Equal(default, client.Read(new IoRegion(device, 0, 2), memory));

            Assert.True(memory.GetSpan()[..Bytes].SequenceEqual(Content(Bytes)), $"{size} bytes");
            Assert.Equal(-1, memory.GetSpan()[Math.Min(size, 1024)..1024].IndexOfAnyExcept((byte)0));
        }
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void WholeFileThatWasShortenedInsideItsLastSector_EndsEarly(CallWay way)
    {
        using ScratchFile file = FileOf(1024);
        using BlockDevice device = BlockDevice.Open(file.Path, Buffered);
        using ClientUnderTest client = new(way);
        using IoMemory memory = IoMemory.Allocate(4096);
        client.Warm(device);
        File.WriteAllBytes(file.Path, Content(Bytes));

        Assert.Equal(IoFailureCause.EndedEarly, client.Read(new IoRegion(device, 0, 2), memory).First.Cause);
    }

    private static void AssertBeyondEnd(IoResult result) => Assert.Equal(IoFailureCause.BeyondEnd, result.First.Cause);

    private static ScratchFile FileOf(int bytes)
    {
        ScratchFile file = ScratchFile.Create(0);
        File.WriteAllBytes(file.Path, Content(bytes));
        return file;
    }

    private static byte[] Content(int bytes)
    {
        byte[] content = new byte[bytes];
        new Random(1).NextBytes(content);
        return content;
    }
}
