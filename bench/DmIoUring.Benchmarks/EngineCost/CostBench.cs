using System.Diagnostics;
using DmIoUring.Devices;
using DmIoUring.Interop;
using DmIoUring.Rings;
using Microsoft.Win32.SafeHandles;

namespace DmIoUring.Benchmarks.EngineCost;

/// <summary>Requests on a reactor whose ring has no kernel, and the same entries without requests.</summary>
internal sealed unsafe class CostBench : IDisposable
{
    private const int Operations = 200_000;
    private const int MostDepth = 4096;
    private readonly BenchDevice _bench = BenchDevice.Create(BenchDeviceKind.Zram);

    /// <summary>zram, which has no limit of its queue, as a device that the ring serves: otherwise the engine would make the transfers itself.</summary>
    private readonly BlockDevice _device;
    private readonly IoMemory _memory = IoMemory.Allocate((long)MostDepth * BenchDevice.BlockBytes);
    private readonly IoNotify _notify;
    private ulong _random = 88172645463325252;
    private long _ended;

    public CostBench()
    {
        _notify = Ended;
        SafeFileHandle handle = DeviceOpening.Open(_bench.Device.Path, new BlockDeviceOptions(), out _);
        DeviceGeometry geometry = DeviceGeometry.Of(handle, _bench.Device.Path) with { RefusesNonBlocking = false, CompletesInCall = false };
        _device = new BlockDevice(_bench.Device.Path, handle, ownsHandle: true, geometry);
    }

    public void Dispose()
    {
        _memory.Dispose();
        _device.Dispose();
        _bench.Dispose();
    }

    /// <summary>Nanoseconds an entry that is filled, handed over and taken back, with nothing else behind it.</summary>
    public double BareLoop(int depth, int batch)
    {
        NopRing ring = new(depth);
        byte* memory = Start;
        IoUringCqe[] taken = new IoUringCqe[batch];
        Fill(ref ring, memory, depth - batch);
        long start = Stopwatch.GetTimestamp();
        for (int done = 0; done < Operations; done += batch)
        {
            Fill(ref ring, memory, batch);
            ring.Enter((uint)batch, -1, 0);
            int count = ring.Take(taken);
            for (int i = 0; i < count; i++)
            {
                if (taken[i].res != BenchDevice.BlockBytes)
                    throw new InvalidOperationException($"A completion of {taken[i].res} bytes.");
            }
        }

        double elapsed = Stopwatch.GetElapsedTime(start).TotalNanoseconds;
        ring.Dispose();
        return elapsed / Operations;
    }

    /// <summary>Nanoseconds a read of 4 KiB, so many under way and so many submitted at once.</summary>
    public double Reads(int depth, int batch, CostMemory memory = CostMemory.Pointer)
    {
        using IoReactor reactor = new(new IoReactorOptions { QueueDepth = depth }, new NopRingSource());
        using PageReservation? reserve = memory == CostMemory.Pages ? reactor.Reserve(batch) : null;
        PageList[] pages = [.. Enumerable.Range(0, memory == CostMemory.Pages ? batch : 0).Select(_ => reactor.Pages.RentPages(1))];
        IoBuffer[] buffers = [.. Enumerable.Range(0, batch).Select(i => memory switch
        {
            CostMemory.Pointer => IoBuffer.Contiguous(Start + (i * BenchDevice.BlockBytes), BenchDevice.BlockBytes),
            CostMemory.Owned => _memory.Slice(i * BenchDevice.BlockBytes, BenchDevice.BlockBytes),
            CostMemory.Array => AlignedPart(),
            CostMemory.Pages => pages[i],
            _ => throw new ArgumentOutOfRangeException(nameof(memory)),
        })];
        _ended = 0;
        for (int under = 0; under < depth - batch; under += batch)
            SubmitReads(reactor, buffers);
        long start = Stopwatch.GetTimestamp();
        for (int done = 0; done < Operations; done += batch)
        {
            SubmitReads(reactor, buffers);
            reactor.Poll(batch);
        }

        double elapsed = Stopwatch.GetElapsedTime(start).TotalNanoseconds;
        Check(Operations);
        reactor.Poll(depth);
        Array.ForEach(pages, static list => list.Dispose());
        return elapsed / Operations;
    }

    /// <summary>Nanoseconds a region of writes of 4 KiB to so many regions.</summary>
    public double Writes(int regions, int batch)
    {
        int requests = Operations / regions / batch * batch;
        using IoReactor reactor = new(new IoReactorOptions { QueueDepth = regions * batch }, new NopRingSource());
        IoRegion[] legs = new IoRegion[regions];
        IoBuffer buffer = IoBuffer.Contiguous(Start, BenchDevice.BlockBytes);
        _ended = 0;
        long start = Stopwatch.GetTimestamp();
        for (int done = 0; done < requests; done += batch)
        {
            for (int i = 0; i < batch; i++)
            {
                for (int leg = 0; leg < regions; leg++)
                    legs[leg] = new IoRegion(_device, NextBlock() * BenchDevice.BlockSectors, BenchDevice.BlockSectors);
                if (regions == 1)
                    reactor.SubmitWrite(legs[0], buffer, _notify);
                else
                    reactor.SubmitWrite(legs, buffer, _notify);
            }

            reactor.Poll(batch);
        }

        double elapsed = Stopwatch.GetElapsedTime(start).TotalNanoseconds;
        Check(requests);
        return elapsed / requests / regions;
    }

    private byte* Start => (byte*)_memory.Pointer;

    /// <summary>A part of an array that starts on a block, which every array has; it stays where it is.</summary>
    private static IoBuffer AlignedPart()
    {
        byte[] array = GC.AllocateArray<byte>(2 * BenchDevice.BlockBytes, pinned: true);
        fixed (byte* start = array)
        {
            int off = (int)(BenchDevice.BlockBytes - ((nint)start % BenchDevice.BlockBytes));
            return array.AsMemory(off, BenchDevice.BlockBytes);
        }
    }

    private void SubmitReads(IoReactor reactor, IoBuffer[] buffers)
    {
        foreach (ref readonly IoBuffer buffer in buffers.AsSpan())
        {
            IoRegion region = new(_device, NextBlock() * BenchDevice.BlockSectors, BenchDevice.BlockSectors);
            reactor.SubmitRead(region, buffer, _notify);
        }
    }

    private void Fill(ref NopRing ring, byte* memory, int count)
    {
        for (int i = 0; i < count; i++)
        {
            IoUringSqe* entry = ring.TryNext(EntryRoute.MayPoll);
            *entry = default;
            entry->opcode = IoUring.IORING_OP_READ;
            entry->off = (ulong)(NextBlock() * BenchDevice.BlockBytes);
            entry->addr = (ulong)(memory + (i * BenchDevice.BlockBytes));
            entry->len = BenchDevice.BlockBytes;
            entry->user_data = (ulong)i;
        }
    }

    /// <summary>xorshift64: the same few instructions in every loop that is compared.</summary>
    private long NextBlock()
    {
        ulong random = _random;
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        _random = random;
        return (long)(random & 0xFFFF);
    }

    private void Ended(IoResult result, object? context)
    {
        if (!result.IsSuccess)
            throw new InvalidOperationException(result.ToString());
        _ended++;
    }

    private void Check(long expected)
    {
        if (_ended != expected)
            throw new InvalidOperationException($"{_ended} requests ended of {expected}.");
    }
}
