using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Client;

/// <summary>Any number of threads, for any time.</summary>
public sealed class ThreadTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void ThreadsThatEndAsSoonAsTheySubmitted_LoseNothing(int lanes)
    {
        using DmIoClient client = new(new DmIoOptions { Lanes = lanes });
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        Notification[] notifications = [.. Enumerable.Range(0, 256).Select(_ => new Notification())];
        for (int i = 0; i < notifications.Length; i++)
        {
            int index = i;
            Thread thread = new(() => client.SubmitWrite(device.Region(index * 8, 8), data, Notification.Arrived, notifications[index]));
            thread.Start();
        }

        Assert.All(notifications, notification => Assert.Equal(default, notification.Wait()));
        for (int i = 0; i < notifications.Length; i++)
            device.AssertHolds(i * 8, data.GetSpan());
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void ManyThreadsAtOnce_GetEachItsOwnBytes(CallWay way)
    {
        const int threads = 8;
        const int rounds = 100;
        using TestDevice device = new(DeviceKind.Loop512, 4 << 20);
        using ClientUnderTest client = new(way, new DmIoOptions { Lanes = 2, QueueDepth = 8, ChunkBytes = 16 << 10, SyncRings = 3 });
        Exception?[] failures = new Exception?[threads];
        Thread[] workers = [.. Enumerable.Range(0, threads).Select(index => new Thread(() => failures[index] = Record.Exception(() => Work(index))))];
        foreach (Thread worker in workers)
            worker.Start();
        Assert.All(workers, worker => Assert.True(worker.Join(Notification.Limit)));
        Assert.All(failures, Assert.Null);

        void Work(int index)
        {
            // A stretch of 512 KiB each; requests of 1 to 5 chunks that overlap only their own thread's.
            using IoMemory written = IoMemory.Allocate(80 << 10);
            using IoMemory read = IoMemory.Allocate(80 << 10);
            for (int round = 0; round < rounds; round++)
            {
                byte[] bytes = Pattern.Bytes(80 << 10, (index * rounds) + round);
                bytes.CopyTo(written.GetSpan());
                long count = 8 + (round * 8 % 152);
                IoRegion region = device.Region((index * 1024) + (round * 8 % 512), count);
                Assert.Equal(default, client.Write(region, written));
                Assert.Equal(default, client.Read(region, read));
                Assert.True(read.GetSpan()[..(int)(count * 512)].SequenceEqual(bytes.AsSpan(0, (int)(count * 512))));
            }
        }
    }

    [Fact]
    public void ThreadsThatCameAndWent_LeaveTheirSyncRingsToOthers()
    {
        using DmIoClient client = new(new DmIoOptions { SyncRings = 2 });
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        IoRegion[] regions = [device.Region(0, 8), device.Region(8, 8)];
        for (int i = 0; i < 20; i++)
        {
            Thread thread = new(() => client.Write(regions, data));
            thread.Start();
            Assert.True(thread.Join(Notification.Limit));
        }

        // Nobody waited for a lane: each found a ring that a thread before it had left.
        Assert.Equal(0, client.Statistics.WakeUps);
        Assert.Equal(20, client.Statistics.Requests);
    }

    [Fact]
    public async Task ManyAwaitedAtOnce_AllComeBack()
    {
        await using DmIoClient client = new(new DmIoOptions { QueueDepth = 16 });
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        Task<IoResult>[] tasks = [.. Enumerable.Range(0, 2000).Select(i => client.WriteAsync(device.Region(i % 256 * 8, 8), data).AsTask())];
        IoResult[] results = await Task.WhenAll(tasks).WaitAsync(Notification.Limit);
        Assert.All(results, result => Assert.Equal(default, result));
        Assert.Equal(2000, client.Statistics.Requests);
    }
}
