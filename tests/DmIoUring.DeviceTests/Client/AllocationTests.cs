using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Client;

/// <summary>In steady state a request allocates nothing, whichever way it is made.</summary>
[Collection(AloneCollection.Name)]
public sealed class AllocationTests : IDisposable
{
    private const int WarmUp = 20_000;
    private const int Requests = 50_000;

    /// <summary>For what the runtime and the test host do meanwhile: a fifth of a byte for each request.</summary>
    private const long Tolerance = 10_000;

    // In memory: a medium's flushes would take minutes for nothing.
    private readonly ScratchFile _file = ScratchFile.Create(64 << 10, "/dev/shm");
    private readonly BlockDevice _device;
    private readonly IoMemory _memory = IoMemory.Allocate(64 << 10);
    private readonly DmIoClient _client = new(new DmIoOptions { ChunkBytes = 4096 });
    private readonly IoRegion _region;

    public AllocationTests()
    {
        _device = BlockDevice.Open(_file.Path, new BlockDeviceOptions { Direct = false });
        _region = new IoRegion(_device, 0, 8);
    }

    public void Dispose()
    {
        _client.Dispose();
        _memory.Dispose();
        _device.Dispose();
        _file.Dispose();
    }

    [Fact]
    public void Sync_OneChunk_AllocatesNothing() => AssertNothingAllocated(count =>
    {
        for (int i = 0; i < count; i++)
            Succeeded(_client.Read(_region, _memory));
    });

    [Fact]
    public void Sync_ThreeRegions_AllocateNothing()
    {
        IoRegion[] legs = [_region, new IoRegion(_device, 16, 8), new IoRegion(_device, 32, 16)];
        AssertNothingAllocated(count =>
        {
            for (int i = 0; i < count; i++)
                Succeeded(_client.Write(legs, _memory));
        });
        Assert.Equal(0, _client.Statistics.WakeUps);
    }

    [Fact]
    public void Sync_FromManagedMemory_AllocatesNothing()
    {
        byte[] array = new byte[4096];
        AssertNothingAllocated(count =>
        {
            for (int i = 0; i < count; i++)
                Succeeded(_client.Write(_region, array));
        });
    }

    [Fact]
    public void Callback_AllocatesNothing()
    {
        using AutoResetEvent done = new(initialState: false);
        IoNotify notify = (result, _) =>
        {
            Succeeded(result);
            done.Set();
        };
        AssertNothingAllocated(count =>
        {
            for (int i = 0; i < count; i++)
            {
                _client.SubmitRead(_region, _memory, notify);
                done.WaitOne();
            }
        });
    }

    [Theory]
    [InlineData(IoCallbackThreads.Lane)]
    [InlineData(IoCallbackThreads.ThreadPool)]
    public void CallbackWithBytesAndATag_AllocatesNothing(IoCallbackThreads threads)
    {
        using DmIoClient client = new(new DmIoOptions { Callbacks = threads });
        using CountdownEvent left = new(1);
        IoCompleted notify = static (result, bytes, context, tag) =>
        {
            Succeeded(result);
            Assert.True(bytes == 4096 && tag == 7);
            ((CountdownEvent)context!).Signal();
        };
        AssertNothingAllocated(count =>
        {
            for (int i = 0; i < count; i += 16)
            {
                left.Reset(16);
                for (int k = 0; k < 16; k++)
                    client.SubmitRead(_region, _memory, notify, left, 7);
                left.Wait();
            }
        });
    }

    [Fact]
    public void CallbackOnTheThreadPool_AllocatesNothing()
    {
        using DmIoClient client = new(new DmIoOptions { Callbacks = IoCallbackThreads.ThreadPool });
        using CountdownEvent left = new(1);
        IoNotify notify = (result, _) =>
        {
            Succeeded(result);
            left.Signal();
        };
        AssertNothingAllocated(count =>
        {
            for (int i = 0; i < count; i += 16)
            {
                left.Reset(16);
                for (int k = 0; k < 16; k++)
                    client.SubmitRead(_region, _memory, notify);
                left.Wait();
            }
        });
    }

    [Fact]
    public void Awaited_AllocatesNothing() => AssertNothingAllocated(count => Task.Run(async () =>
    {
        for (int i = 0; i < count; i++)
            Succeeded(await _client.ReadAsync(_region, _memory));
    }).GetAwaiter().GetResult());

    [Fact]
    public void Awaited_ThreeRegions_FromManagedMemory_AllocateNothing()
    {
        byte[] array = new byte[8192];
        IoRegion[] legs = [_region, new IoRegion(_device, 16, 8), new IoRegion(_device, 32, 16)];
        AssertNothingAllocated(count => Task.Run(async () =>
        {
            for (int i = 0; i < count; i++)
                Succeeded(await _client.WriteAsync(legs, array));
        }).GetAwaiter().GetResult());
    }

    [Fact]
    public void AwaitedOnTheLane_AllocatesNothing()
    {
        using DmIoClient inline = new(new DmIoOptions { InlineContinuations = true });
        AssertNothingAllocated(count => Task.Run(async () =>
        {
            for (int i = 0; i < count; i++)
                Succeeded(await inline.ReadAsync(_region, _memory));
        }).GetAwaiter().GetResult());
    }

    [Fact]
    public void AFailure_AllocatesNothingEither()
    {
        IoRegion beyond = new(_device, 1 << 20, 8);
        AssertNothingAllocated(count =>
        {
            for (int i = 0; i < count; i++)
            {
                if (_client.Read(beyond, _memory).First.Cause != IoFailureCause.BeyondEnd)
                    Assert.Fail("It did not fail.");
            }
        });
    }

    [Theory]
    [InlineData(IoFlags.None)]
    [InlineData(IoFlags.StableCopy | IoFlags.Fua)]
    public void WithinTheReserve_Sync_FromPages_AllocatesNothing(IoFlags flags)
    {
        using PageReservation reservation = _client.Reserve(8);
        IoRegion[] legs = [_region, new IoRegion(_device, 16, 8), new IoRegion(_device, 32, 16)];
        AssertNothingAllocated(count =>
        {
            for (int i = 0; i < count; i++)
            {
                using PageList pages = _client.Pages.RentPages(3);
                Succeeded(_client.Write(legs, IoBuffer.Pages(pages, 512), flags));
            }
        });
    }

    [Fact]
    public void WithinTheReserve_Callback_FromPages_AllocatesNothing()
    {
        using PageReservation reservation = _client.Reserve(4);
        using AutoResetEvent done = new(initialState: false);
        IoNotify notify = (result, _) =>
        {
            Succeeded(result);
            done.Set();
        };
        AssertNothingAllocated(count =>
        {
            for (int i = 0; i < count; i++)
            {
                using PageList pages = _client.Pages.RentPages(2);
                _client.SubmitWrite(_region, pages, notify);
                done.WaitOne();
            }
        });
    }

    [Fact]
    public void WithinTheReserve_Awaited_FromPages_AllocatesNothing()
    {
        using PageReservation reservation = _client.Reserve(8);
        AssertNothingAllocated(count => Task.Run(async () =>
        {
            for (int i = 0; i < count; i++)
            {
                using PageList pages = await _client.Pages.RentPagesAsync(2);
                Succeeded(await _client.WriteAsync(_region, pages));
                Succeeded(await _client.WriteAsync(_region, pages, IoFlags.StableCopy));
            }
        }).GetAwaiter().GetResult());
    }

    /// <summary>Every submitter but the one that is served waits in line.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void AgainstAReserveOfOne_ManyRequests_AllocateNothing(int threads)
    {
        using DmIoClient client = new(new DmIoOptions { QueueDepth = 2 });
        using PageReservation reservation = client.Reserve(1);
        using Barrier barrier = new(threads + 1);
        int ended = 0;
        int submit = 0;
        IoNotify notify = (result, _) =>
        {
            Succeeded(result);
            Interlocked.Increment(ref ended);
        };
        Thread[] submitters = [.. Enumerable.Range(0, threads).Select(_ => new Thread(() =>
        {
            while (true)
            {
                barrier.SignalAndWait();
                if (submit == 0)
                    return;
                for (int i = 0; i < submit; i++)
                    client.SubmitRead(_region, _memory, notify);
                barrier.SignalAndWait();
            }
        }))];
        foreach (Thread submitter in submitters)
            submitter.Start();
        AssertNothingAllocated(count =>
        {
            ended = 0;
            submit = count / threads;
            barrier.SignalAndWait();
            barrier.SignalAndWait();
            while (Volatile.Read(ref ended) != submit * threads)
                Thread.Sleep(1);
        });
        submit = 0;
        barrier.SignalAndWait();
        foreach (Thread submitter in submitters)
            submitter.Join();
        Assert.Equal(0, client.Statistics.CallbackExceptions);
    }

    private static void AssertNothingAllocated(Action<int> run)
    {
        run(WarmUp);
        long before = GC.GetTotalAllocatedBytes(precise: true);
        run(Requests);
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, Tolerance);
    }

    private static void Succeeded(IoResult result)
    {
        if (!result.IsSuccess)
            Assert.Fail(result.ToString());
    }
}
