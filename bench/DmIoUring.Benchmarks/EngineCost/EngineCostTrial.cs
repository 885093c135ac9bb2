using System.Diagnostics;
using System.Runtime.InteropServices;
using DmIoUring.Interop;

namespace DmIoUring.Benchmarks.EngineCost;

internal static unsafe class EngineCostTrial
{
    public static void Run()
    {
        using BenchDevice bench = BenchDevice.Create(BenchDeviceKind.LoopOnTmpfs);
        for (int round = 0; round < 30; round++)
        {
            double bare = Bare(128, 32, 1_000_000);
            double engine = Engine(bench.Device, 128, 32, 1_000_000);
            Console.WriteLine($"bare {bare:f1} engine {engine:f1}");
        }
    }

    private static double Bare(int depth, int batch, int operations)
    {
        NopRing ring = new(depth);
        byte* memory = (byte*)NativeMemory.AlignedAlloc((nuint)depth * 4096, 4096);
        IoUringCqe[] taken = new IoUringCqe[batch];
        ulong random = 88172645463325252;
        long start = Stopwatch.GetTimestamp();
        for (int done = 0; done < operations; done += batch)
        {
            for (int i = 0; i < batch; i++)
            {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                IoUringSqe* entry = ring.TryNext();
                *entry = default;
                entry->opcode = IoUring.IORING_OP_READ_FIXED;
                entry->fd = 3;
                entry->off = random % 65536 * 4096;
                entry->addr = (ulong)(memory + (i * 4096));
                entry->len = 4096;
                entry->user_data = (ulong)i;
            }

            ring.Enter(1, -1, 0);
            int count = ring.Take(taken);
            for (int i = 0; i < count; i++)
                if (taken[i].res != 4096) throw new IOException();
        }

        double elapsed = Stopwatch.GetElapsedTime(start).TotalNanoseconds / operations;
        NativeMemory.AlignedFree(memory);
        ring.Dispose();
        return elapsed;
    }

    private static double Engine(BlockDevice device, int depth, int batch, int operations)
    {
        using IoReactor reactor = new(new IoReactorOptions { QueueDepth = depth }, new NopRingSource());
        byte* memory = (byte*)NativeMemory.AlignedAlloc((nuint)depth * 4096, 4096);
        ulong random = 88172645463325252;
        int ended = 0;
        IoNotify notify = (result, context) => { if (!result.IsSuccess) throw new IOException(); ended++; };
        long start = Stopwatch.GetTimestamp();
        for (int done = 0; done < operations; done += batch)
        {
            random = Submit(reactor, device, memory, notify, random, batch);
            reactor.Poll(batch);
        }

        double elapsed = Stopwatch.GetElapsedTime(start).TotalNanoseconds / operations;
        NativeMemory.AlignedFree(memory);
        if (ended != operations) throw new IOException($"{ended}");
        return elapsed;
    }

    private static ulong Submit(IoReactor reactor, BlockDevice device, byte* memory, IoNotify notify, ulong random, int batch)
    {
        for (int i = 0; i < batch; i++)
        {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            reactor.SubmitRead(new IoRegion(device, (long)(random % 65536) * 8, 8), IoBuffer.Contiguous(memory + (i * 4096), 4096), notify);
        }
        return random;
    }
}
