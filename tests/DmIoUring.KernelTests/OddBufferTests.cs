namespace DmIoUring.KernelTests;

/// <summary>Legal buffers whose pieces are aligned for memory, and are not whole blocks.</summary>
public sealed unsafe class OddBufferTests
{
    public static TheoryData<Way, string> WaysAndDevices
    {
        get
        {
            TheoryData<Way, string> data = [];
            foreach (Way way in Enum.GetValues<Way>())
            {
                foreach (string device in OddDevice.Kinds)
                    data.Add(way, device);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(WaysAndDevices))]
    public void VectorsOfAnyLength_ArriveWhole(Way way, string kind)
    {
        using OddDevice under = new(kind);
        using Requester requester = new(way);
        using BlockDevice device = BlockDevice.Open(under.Path);
        int block = device.LogicalBlockSize;
        int step = device.MemoryAlignment;
        int[][] shapes = [[step, (2 * block) - step], [step, step, (4 * block) - (2 * step)], [block + step, (2 * block) - step, block], [16, (2 * block) - 16], [12, 500, (2 * block) - 512]];
        foreach (int[] lengths in shapes)
            Transfer(requester, under, device, lengths, apart: 16384);
    }

    [Theory]
    [MemberData(nameof(WaysAndDevices))]
    public void VectorsAtAnyAlignedAddress_ArriveWhole(Way way, string kind)
    {
        using OddDevice under = new(kind);
        using Requester requester = new(way);
        using BlockDevice device = BlockDevice.Open(under.Path);
        int block = device.LogicalBlockSize;
        Transfer(requester, under, device, [block, block], apart: 8192 + device.MemoryAlignment);
        Transfer(requester, under, device, [2 * block], apart: 0, from: device.MemoryAlignment);
        Transfer(requester, under, device, [4 * block, block], apart: 32768 - device.MemoryAlignment, from: device.MemoryAlignment);
    }

    [Theory]
    [MemberData(nameof(WaysAndDevices))]
    public void PagesFromAnOffset_ArriveWhole(Way way, string kind)
    {
        using OddDevice under = new(kind);
        using Requester requester = new(way);
        using BlockDevice device = BlockDevice.Open(under.Path);
        using PageReservation reservation = requester.Reserve(8);
        using PageList pages = requester.Pages.RentPages(4);
        foreach (int offset in (int[])[512, 1024, 3584])
        {
            byte[] written = Data.Bytes(8192, offset);
            IoBuffer buffer = IoBuffer.Pages(pages, offset);
            pages.CopyFrom(written, offset);
            IoRegion region = new(device, 64, written.Length / 512);
            Assert.Equal(default, requester.Write([region], buffer));
            under.AssertHolds(64, written);
            pages.CopyFrom(new byte[written.Length], offset);
            Assert.Equal(default, requester.Read(region, buffer));
            byte[] read = new byte[written.Length];
            pages.CopyTo(read, offset);
            Data.AssertSame(written, read, $"what was read into pages from {offset} on");
        }
    }

    private static void Transfer(Requester requester, OddDevice under, BlockDevice device, int[] lengths, int apart, int from = 0)
    {
        using IoMemory memory = IoMemory.Allocate(128 << 10);
        IoVector[] vectors = new IoVector[lengths.Length];
        byte* place = (byte*)memory.Pointer + from;
        for (int i = 0; i < lengths.Length; i++)
        {
            vectors[i] = new IoVector(place, (nuint)lengths[i]);
            place += apart;
        }

        byte[] written = Data.Bytes(lengths.Sum(), lengths[0]);
        Spread(vectors, written);
        IoRegion region = new(device, 128, written.Length / 512);
        string what = $"{under.Path}, vectors of {string.Join(" + ", lengths)} bytes";
        Assert.True(requester.Write([region], IoBuffer.Vectors(vectors)) is { IsSuccess: true }, what + " can't be written.");
        under.AssertHolds(128, written);
        memory.GetSpan().Fill(0xEE);
        IoResult read = requester.Read(region, IoBuffer.Vectors(vectors));
        Assert.True(read.IsSuccess, $"{what} can't be read: {read}");
        Data.AssertSame(written, Collect(vectors, written.Length), what);
        Spread(vectors, [.. Enumerable.Repeat((byte)0xEE, written.Length)]);
        Assert.False(memory.GetSpan().ContainsAnyExcept((byte)0xEE), what + ": bytes around them changed.");
    }

    private static void Spread(IoVector[] vectors, ReadOnlySpan<byte> bytes)
    {
        foreach (IoVector vector in vectors)
        {
            bytes[..(int)vector.Length].CopyTo(new Span<byte>(vector.Pointer, (int)vector.Length));
            bytes = bytes[(int)vector.Length..];
        }
    }

    private static byte[] Collect(IoVector[] vectors, int length)
    {
        byte[] bytes = new byte[length];
        int at = 0;
        foreach (IoVector vector in vectors)
        {
            new Span<byte>(vector.Pointer, (int)vector.Length).CopyTo(bytes.AsSpan(at));
            at += (int)vector.Length;
        }

        return bytes;
    }
}
