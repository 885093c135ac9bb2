using System.Globalization;
using System.Runtime.InteropServices;
using DmIoUring.DeviceTests.Client;
using DmIoUring.Interop;
using DmIoUring.Testing;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Faults;

/// <summary>Signals and collections by the thousand while requests wait: nothing is lost, nothing happens twice.</summary>
[Collection(AloneCollection.Name)]
public sealed class InterruptionTests
{
    /// <summary>A window's new size; nobody cares for it here.</summary>
    private const int Sigwinch = 28;

    private const int Regions = 64;

    [Theory]
    [MemberData(nameof(Ways.AsIssued), MemberType = typeof(Ways))]
    public void UnderAStormOfSignals_EveryRequestEndsRight(CallWay way)
    {
        using FaultDevice device = new(size: 2 << 20);
        int handled = 0;
        using PosixSignalRegistration registration = PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => Interlocked.Increment(ref handled));
        bool over = false;
        Thread storm = new(() =>
        {
            while (!Volatile.Read(ref over))
                SignalEveryThread();
        });
        storm.Start();
        try
        {
            WorkThrough(way, device);
            Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref handled) != 0, Notification.Limit), "No signal came.");
        }
        finally
        {
            Volatile.Write(ref over, value: true);
            storm.Join();
        }
    }

    [Theory]
    [MemberData(nameof(Ways.AsIssued), MemberType = typeof(Ways))]
    public void UnderAStormOfCollections_EveryRequestEndsRight(CallWay way)
    {
        using FaultDevice device = new(size: 2 << 20);
        bool over = false;
        Thread storm = new(() =>
        {
            // Compacting, so that every young array that a request did not pin moves. All of a test run's memory, which may be
            // much, once; and never without a pause, or nobody else would get anywhere.
            for (int generation = 2; !Volatile.Read(ref over); generation = 1)
            {
                byte[][] garbage = [.. Enumerable.Range(0, 100).Select(static i => new byte[(i * 64) + 1])];
                GC.Collect(generation, GCCollectionMode.Forced, blocking: true, compacting: true);
                GC.KeepAlive(garbage);
                Thread.Sleep(1);
            }
        });
        storm.Start();
        try
        {
            WorkThrough(way, device);
        }
        finally
        {
            Volatile.Write(ref over, value: true);
            storm.Join();
        }
    }

    /// <summary>Slow writes and reads of managed arrays, some of them failing, several at a time.</summary>
    private static void WorkThrough(CallWay way, FaultDevice device)
    {
        const int rounds = 12;
        using ClientUnderTest client = new(way, new DmIoOptions { ChunkBytes = 4096, QueueDepth = 32 });
        using Fault slow = device.File.Slow(MediumOperations.All, TimeSpan.FromMilliseconds(2));
        using Fault bad = device.File.Fail(MediumOperations.Write, Errno.EIO, firstSector: 16 * (Regions - 1), sectors: 1);
        Exception?[] failures = new Exception?[4];
        Thread[] threads = [.. Enumerable.Range(0, failures.Length).Select(index => new Thread(() => failures[index] = Record.Exception(() => Work(index))))];
        Array.ForEach(threads, static thread => thread.Start());
        Assert.All(threads, static thread => Assert.True(thread.Join(Notification.Limit)));
        Assert.All(failures, Assert.Null);
        client.End();
        Assert.Equal(rounds * failures.Length * 2, client.Requests);

        void Work(int index)
        {
            for (int round = 0; round < rounds; round++)
            {
                // Two pieces on each of two regions; the last thread's last region has a bad piece.
                byte[] bytes = Pattern.Bytes(8192, (index * rounds) + round);
                long first = index * 16 * Regions / 4;
                long second = first + (16 * ((Regions / 4) - 1));
                IoResult result = client.Write([device.Region(first, 16), device.Region(second, 16)], bytes.ToArray());
                Assert.Equal(index == 3 ? new IoFailure(1, second, Errno.EIO, IoFailureCause.Device) : default, result.First);
                byte[] read = new byte[8192];
                Assert.Equal(default, client.Read(device.Region(first, 16), read));
                Assert.True(read.AsSpan().SequenceEqual(bytes));
            }
        }
    }

    /// <summary>A signal sent to a thread's number goes to the process, and to that thread of it first (complete_signal, kernel/signal.c).</summary>
    private static void SignalEveryThread()
    {
        foreach (string task in Directory.GetDirectories("/proc/self/task"))
            _ = Libc.Kill(int.Parse(Path.GetFileName(task), CultureInfo.InvariantCulture), Sigwinch);
    }
}
