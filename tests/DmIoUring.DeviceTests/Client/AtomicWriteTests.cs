using DmIoUring.DeviceTests.Faults;
using DmIoUring.Interop;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Client;

/// <summary>Atomic writes where they are real: a file on xfs, whatever the device below (6.16).</summary>
public sealed unsafe class AtomicWriteTests(XfsFolder folder) : IClassFixture<XfsFolder>
{
    private const int Most = 1 << 20;

    public static TheoryData<CallWay, int, int> Cases
    {
        get
        {
            TheoryData<CallWay, int, int> data = [];
            foreach (CallWay way in Ways.Calls)
            {
                foreach (int chunk in (int[])[64 << 10, Most])
                {
                    foreach (int bytes in (int[])[4096, 64 << 10, 512 << 10, Most])
                        data.Add(way, chunk, bytes);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void AnAtomicWrite_IsOneEntry_FromAnyMemory(CallWay way, int chunkBytes, int bytes)
    {
        using BlockDevice device = Open(out int least, out int most);
        Assert.InRange(bytes, least, most);
        using ClientUnderTest client = new(way, new DmIoOptions { ChunkBytes = chunkBytes });
        using IoMemory memory = IoMemory.Allocate(3 * Most);
        using PageReservation reservation = client.Reserve(2 * Most / 4096);
        byte* start = (byte*)memory.Pointer;
        byte[] data = Pattern.Bytes(bytes, seed: bytes + chunkBytes);
        foreach (int off in (int[])[0, 3, 512, 4096 - 512])
            Write(client, device, IoBuffer.Contiguous(start + off, bytes), data, () => data.CopyTo(new Span<byte>(start + off, bytes)), IoFlags.Atomic);

        int first = bytes / 2;
        IoVector[] halves = [new(start, (nuint)first), new(start + Most + 4096, (nuint)(bytes - first))];
        void Halve()
        {
            data.AsSpan(0, first).CopyTo(new Span<byte>(start, first));
            data.AsSpan(first).CopyTo(new Span<byte>(start + Most + 4096, bytes - first));
        }

        Write(client, device, IoBuffer.Vectors(halves), data, Halve, IoFlags.Atomic);
        Write(client, device, IoBuffer.Vectors(halves), data, Halve, IoFlags.Atomic | IoFlags.StableCopy | IoFlags.Fua);
        using PageList pages = client.Pages.RentPages((bytes / 4096) + 1);
        foreach (int off in (int[])[0, 512])
            Write(client, device, IoBuffer.Pages(pages, off), data, () => pages.CopyFrom(data, off), IoFlags.Atomic | IoFlags.Fua);
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void WhatCantBeAtomic_IsUnsupported_WithTheReason_AndNothingIsWritten(CallWay way)
    {
        using BlockDevice device = Open(out int least, out int most);
        using BlockDevice buffered = BlockDevice.Open(device.Path, new BlockDeviceOptions { Direct = false });
        using ClientUnderTest client = new(way);
        using IoMemory memory = IoMemory.Allocate(2 * (most + 4096));
        Assert.Equal(default, client.Write(new IoRegion(device, 0, (most + 4096) / 512), memory));
        memory.GetSpan().Fill(0x77);
        (IoRegion Region, int Errno)[] refused =
        [
            (new(device, 0, 24), Errno.EINVAL),
            (new(device, 8, 16), Errno.EINVAL),
            (new(device, 0, least / 1024), least > 512 ? Errno.EINVAL : 0),
            (new(device, 0, 2 * most / 512), Errno.EINVAL),
            (new(buffered, 0, 16), Errno.EOPNOTSUPP),
        ];
        foreach ((IoRegion region, int errno) in refused.Where(static row => row.Errno != 0))
        {
            IoResult result = client.Write(region, memory, IoFlags.Atomic);
            Assert.Equal(("0b1", true), (result.Unsupported.ToString(), result.Failed.IsEmpty));
            Assert.Equal(new IoFailure(0, region.Sector, errno, IoFailureCause.NotAtomic), result.First);
        }

        Assert.Equal(default, client.Read(new IoRegion(device, 0, most / 512), memory));
        Assert.Equal(-1, memory.GetSpan()[..most].IndexOf((byte)0x77));
    }

    private static void Write(ClientUnderTest client, BlockDevice device, IoBuffer buffer, byte[] data, Action fill, IoFlags flags)
    {
        fill();
        long before = client.Entries;
        long sector = data.Length / 512;
        Assert.Equal(default, client.Write(new IoRegion(device, sector, data.Length / 512), buffer, flags));
        if (client.IsAsIssued)
            Assert.Equal(1, client.Entries - before);
        byte[] found = new byte[data.Length];
        using Microsoft.Win32.SafeHandles.SafeFileHandle file = File.OpenHandle(device.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        Assert.Equal(found.Length, RandomAccess.Read(file, found, sector * 512));
        Assert.Equal(data, found);
    }

    private BlockDevice Open(out int least, out int most)
    {
        string path = folder.Mounted.PathOf("file");
        File.WriteAllBytes(path, new byte[4 << 20]);
        BlockDevice device = BlockDevice.Open(path);
        (least, most) = device.AtomicWriteLimits;
        if (most == 0)
        {
            device.Dispose();
            Require.That("xfs has no atomic writes on this kernel; they come with 6.16");
        }

        return device;
    }
}
