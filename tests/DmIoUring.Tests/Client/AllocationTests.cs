using DmIoUring.ScratchDevices;

namespace DmIoUring.Tests.Client;

/// <summary>In steady state a request allocates nothing, whichever way it is made.</summary>
[Collection(AloneCollection.Name)]
public sealed class AllocationTests : IDisposable
{
    private const int WarmUp = 20_000;
    private const int Requests = 50_000;

    /// <summary>For what the runtime and the test host do meanwhile: a fifth of a byte for each request.</summary>
    private const long Tolerance = 10_000;

    private readonly ScratchFile _file = ScratchFile.Create(64 << 10);
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
