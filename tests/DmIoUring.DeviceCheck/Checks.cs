using System.Buffers;
using System.Globalization;

namespace DmIoUring.DeviceCheck;

/// <summary>What is asserted of one service on a few devices: the result's bits, and the bytes as the kernel's own path reads them.</summary>
/// <param name="service">The service.</param>
/// <param name="targets">The devices.</param>
internal sealed unsafe class Checks(Service service, IReadOnlyList<Target> targets)
{
    private const int Sectors = 2560;
    private const int Bytes = Sectors * IoRegion.SectorSize;
    private readonly Random _random = new(20261125);

    public int Made { get; private set; }

    public void Run()
    {
        foreach (Target target in targets)
        {
            WriteAndRead(target);
            OddMemory(target);
            Zeroes(target);
            Discards(target);
            Refusals(target);
        }

        AllAtOnce();
        Pages();
    }

    /// <summary>The leg that touches bad sectors fails, and no other; what lies beside them up to both edges is written and read.</summary>
    /// <param name="first">The first bad sector of each device.</param>
    /// <param name="last">The last.</param>
    public void RunBadSectors(long first, long last)
    {
        int bad = checked((int)(last - first + 1));
        using IoMemory data = Random(Bytes);
        foreach (Target target in targets)
        {
            IoRegion[] legs = [target.Region(first - 32, 32), target.Region(first - 8, bad + 16), target.Region(last + 1, 32)];
            Bits("a write over bad sectors", service.Write(legs, data), failed: 0b010, unsupported: 0);
            Holds("below bad sectors", target, first - 32, data.GetSpan()[..(24 * IoRegion.SectorSize)]);
            Bits("a read over bad sectors", service.Read(legs[1], data), failed: 1, unsupported: 0);
            _random.NextBytes(data.GetSpan());
            Succeeds("a write up to bad sectors", service.Write([legs[0]], data));
            Holds("up to bad sectors", target, first - 32, data.GetSpan()[..(32 * IoRegion.SectorSize)]);
            Succeeds("a write from bad sectors on", service.Write([legs[2]], data));
            Holds("from bad sectors on", target, last + 1, data.GetSpan()[..(32 * IoRegion.SectorSize)]);
        }
    }

    /// <summary>Whole chunks, several of them, with every flag.</summary>
    private void WriteAndRead(Target target)
    {
        using IoMemory data = Random(Bytes);
        using IoMemory read = IoMemory.Allocate(Bytes);
        foreach (IoFlags flags in (IoFlags[])[IoFlags.None, IoFlags.Fua, IoFlags.Preflush, IoFlags.Preflush | IoFlags.Fua])
        {
            foreach (int sectors in flags == IoFlags.None ? (int[])[8, 64, Sectors] : [8, 64])
            {
                _random.NextBytes(data.GetSpan());
                Succeeds($"write {sectors} {flags}", service.Write([target.Region(64, sectors)], data, flags));
                Holds($"write {sectors} {flags}", target, 64, data.GetSpan()[..(sectors * IoRegion.SectorSize)]);
                read.GetSpan().Clear();
                Succeeds("read", service.Read(target.Region(64, sectors), read));
                Equal("read", data.GetSpan()[..(sectors * IoRegion.SectorSize)], read.GetSpan()[..(sectors * IoRegion.SectorSize)]);
            }
        }

        Succeeds("flush", service.Flush(target.Region(0, 0), target.Region(0, 8)));
    }

    /// <summary>Memory off its alignment, in pieces, and managed.</summary>
    private void OddMemory(Target target)
    {
        using IoMemory data = Random(Bytes);
        using IoMemory read = IoMemory.Allocate(Bytes);
        byte* at = (byte*)data.Pointer;
        byte* into = (byte*)read.Pointer;
        const int length = 64 * IoRegion.SectorSize;
        foreach (int off in (int[])[1, 4, 512, 4095])
        {
            _random.NextBytes(data.GetSpan());
            Succeeds($"write from {off}", service.Write([target.Region(8, 64)], IoBuffer.Contiguous(at + off, length)));
            Holds($"write from {off}", target, 8, data.GetSpan().Slice(off, length));
            Succeeds($"read to {off}", service.Read(target.Region(8, 64), IoBuffer.Contiguous(into + off, length)));
            Equal($"read to {off}", data.GetSpan().Slice(off, length), read.GetSpan().Slice(off, length));
        }

        foreach (int[] lengths in (int[][])[[4096, 8192, 4096, length - 16384], [4, 1020, length - 1024], [16, length - 16], [12, 500, 4, 4092, length - 4608]])
            Vectors(target, at, into, lengths, length);

        byte[] managed = new byte[length];
        _random.NextBytes(managed);
        Succeeds("write of an array", service.Write([target.Region(512, 64)], managed.AsMemory()));
        Holds("write of an array", target, 512, managed);
    }

    /// <summary>Pieces that are aligned as memory must be, and are not all whole blocks.</summary>
    private void Vectors(Target target, byte* at, byte* into, int[] lengths, int length)
    {
        string what = "vectors of " + string.Join(" + ", lengths);
        IoVector[] from = new IoVector[lengths.Length];
        IoVector[] to = new IoVector[lengths.Length];
        byte[] expected = new byte[length];
        for (int i = 0, offset = 0, done = 0; i < lengths.Length; i++, offset += 16384)
        {
            from[i] = new IoVector(at + offset + Bytes / 2, (nuint)lengths[i]);
            to[i] = new IoVector(into + offset, (nuint)lengths[i]);
            new ReadOnlySpan<byte>(at + offset + Bytes / 2, lengths[i]).CopyTo(expected.AsSpan(done));
            done += lengths[i];
        }

        Succeeds("write of " + what, service.Write([target.Region(256, 64)], IoBuffer.Vectors(from)));
        Holds("write of " + what, target, 256, expected);
        Succeeds("read to " + what, service.Read(target.Region(256, 64), IoBuffer.Vectors(to)));
        int seen = 0;
        foreach (IoVector vector in to)
        {
            Equal("read to " + what, expected.AsSpan(seen, (int)vector.Length), new ReadOnlySpan<byte>(vector.Pointer, (int)vector.Length));
            seen += (int)vector.Length;
        }
    }

    private void Zeroes(Target target)
    {
        using IoMemory data = Random(Bytes);
        Succeeds("write", service.Write([target.Region(0, Sectors)], data));
        Succeeds("zeroes", service.WriteZeroes(target.Region(64, 128), target.Region(1024, 1024)));
        data.GetSpan().Slice(64 * IoRegion.SectorSize, 128 * IoRegion.SectorSize).Clear();
        data.GetSpan().Slice(1024 * IoRegion.SectorSize, 1024 * IoRegion.SectorSize).Clear();
        Holds("zeroes", target, 0, data.GetSpan());
    }

    /// <summary>What is discarded may read as anything; its neighbours may not.</summary>
    private void Discards(Target target)
    {
        using IoMemory data = Random(Bytes);
        Succeeds("write", service.Write([target.Region(0, Sectors)], data));
        Succeeds("discard", service.Discard(target.Region(64, 128), target.Region(2048, 504)));
        Holds("before a discard", target, 0, data.GetSpan()[..(64 * IoRegion.SectorSize)]);
        Holds("behind a discard", target, 192, data.GetSpan()[(192 * IoRegion.SectorSize)..(2048 * IoRegion.SectorSize)]);
        Holds("behind the last", target, 2552, data.GetSpan()[(2552 * IoRegion.SectorSize)..]);
    }

    private void Refusals(Target target)
    {
        using IoMemory data = Random(4096);
        long end = target.Device.SectorCount;
        IoResult result = service.Write([target.Region(0, 8), target.Region(end, 8), target.Region(end - 8, 8)], data);
        Bits("beyond the end", result, failed: 0b10, unsupported: 0);
        using IoMemory read = Random(4096);
        Bits("a read beyond the end", service.Read(target.Region(end, 8), read), failed: 1, unsupported: 0);
        if (target.Device.LogicalBlockSize > IoRegion.SectorSize)
            Bits("off the block", service.Write([target.Region(1, 8), target.Region(8, 8)], data), failed: 0, unsupported: 1);
        Holds("around what was refused", target, end - 8, data.GetSpan());
    }

    /// <summary>One write of many regions on all devices, each with a part of the buffer.</summary>
    private void AllAtOnce()
    {
        using IoMemory data = Random(Bytes);
        IoRegion[] regions = new IoRegion[48];
        for (int i = 0; i < regions.Length; i++)
            regions[i] = new IoRegion(targets[i % targets.Count].Device, i * 64, 56, i * 4096);
        Succeeds("48 regions", service.Write(regions, data, IoFlags.Preflush));
        for (int i = 0; i < regions.Length; i++)
            Holds($"region {i} of 48", targets[i % targets.Count], i * 64, data.GetSpan().Slice(i * 4096, 56 * IoRegion.SectorSize));
    }

    private void Pages()
    {
        using PageReservation reservation = service.Reserve(64 + 4);
        using IMemoryOwner<byte> pages = service.Pages.Rent(64 * PageList.PageSize);
        _random.NextBytes(pages.Memory.Span);
        foreach (Target target in targets)
        {
            Succeeds("write of pages", service.Write([target.Region(128, 512)], pages.Memory[..(512 * IoRegion.SectorSize)]));
            Holds("write of pages", target, 128, pages.Memory.Span[..(512 * IoRegion.SectorSize)]);
        }

        PagesFromAnOffset();
    }

    /// <summary>A list of pages from the middle of its first one on: where the ring has registered them, pieces end at pages.</summary>
    private void PagesFromAnOffset()
    {
        const int length = 8192;
        using PageList pages = service.Pages.RentPages(4);
        byte[] written = new byte[length];
        byte[] read = new byte[length];
        foreach (Target target in targets)
        {
            foreach (int offset in (int[])[512, 1024, 3584])
            {
                string what = string.Create(CultureInfo.InvariantCulture, $"pages from {offset} on");
                IoBuffer buffer = IoBuffer.Pages(pages, offset);
                _random.NextBytes(written);
                pages.CopyFrom(written, offset);
                Succeeds("write of " + what, service.Write([target.Region(64, length / IoRegion.SectorSize)], buffer));
                Holds("write of " + what, target, 64, written);
                pages.CopyFrom(read, offset);
                Succeeds("read to " + what, service.Read(target.Region(64, length / IoRegion.SectorSize), buffer));
                pages.CopyTo(read, offset);
                Equal("read to " + what, written, read);
            }
        }
    }

    private IoMemory Random(int bytes)
    {
        IoMemory memory = IoMemory.Allocate(bytes);
        _random.NextBytes(memory.GetSpan());
        return memory;
    }

    private void Succeeds(string what, IoResult result) => Bits(what, result, 0, 0);

    private void Bits(string what, IoResult result, ulong failed, ulong unsupported)
    {
        Made++;
        if ((result.Failed.Value, result.Unsupported.Value) != (failed, unsupported))
            throw new CheckFailedException(string.Create(CultureInfo.InvariantCulture, $"{what}: {result}, and not failed 0x{failed:x}, unsupported 0x{unsupported:x}"));
    }

    private void Holds(string what, Target target, long sector, ReadOnlySpan<byte> expected)
    {
        byte[] seen = new byte[expected.Length];
        target.ReadBeside(sector, seen);
        Equal(string.Create(CultureInfo.InvariantCulture, $"{what}, sector {sector} of {target.Device.Path}"), expected, seen);
    }

    private void Equal(string what, ReadOnlySpan<byte> expected, ReadOnlySpan<byte> seen)
    {
        Made++;
        int same = expected.CommonPrefixLength(seen);
        if (same != expected.Length)
            throw new CheckFailedException(string.Create(CultureInfo.InvariantCulture, $"{what}: byte {same} is 0x{seen[same]:x2} and not 0x{expected[same]:x2}"));
    }
}
