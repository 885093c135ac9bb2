using DmIoUring.ScratchDevices;

namespace DmIoUring.UnitTests.Reactor;

/// <summary>In steady state a reactor's thread allocates nothing for a request, whatever its memory is.</summary>
public sealed class ReactorAllocationTests : IDisposable
{
    private const int Batch = 32;
    private const int Rounds = 500;

    // In memory: a medium's flushes would take minutes for nothing.
    private readonly ScratchFile _file = ScratchFile.Create(1 << 20, "/dev/shm");
    private readonly BlockDevice _device;
    private readonly IoMemory _memory = IoMemory.Allocate(64 << 10);
    private readonly IoReactor _reactor = new(new IoReactorOptions { ChunkBytes = 4096 });
    private readonly IoNotify _notify;
    private readonly object _context = new();
    private int _failures;

    public ReactorAllocationTests()
    {
        _device = BlockDevice.Open(_file.Path, new BlockDeviceOptions { Direct = false });
        _notify = (result, context) =>
        {
            if (!result.IsSuccess || context != _context)
                _failures++;
        };
    }

    public void Dispose()
    {
        _reactor.Dispose();
        _memory.Dispose();
        _device.Dispose();
        _file.Dispose();
    }

    [Fact]
    public unsafe void FromAnAddress()
    {
        IoBuffer buffer = IoBuffer.Contiguous(_memory.Pointer, 4096);
        AssertNothingAllocated(i => _reactor.SubmitRead(new IoRegion(_device, i * 8, 8), buffer, _notify, _context));
    }

    [Fact]
    public void FromNativeMemory() => AssertNothingAllocated(i => _reactor.SubmitWrite(new IoRegion(_device, i * 8, 8), _memory, _notify, _context));

    [Fact]
    public void FromManagedMemory()
    {
        Memory<byte> array = new byte[4096];
        AssertNothingAllocated(i => _reactor.SubmitRead(new IoRegion(_device, i * 8, 8), array, _notify, _context));
    }

    [Fact]
    public unsafe void FromVectors()
    {
        byte* start = (byte*)_memory.Pointer;
        IoBuffer buffer = IoBuffer.Vectors(new IoVector[] { new(start + 4096, 2048), new(start, 2048) });
        AssertNothingAllocated(i => _reactor.SubmitRead(new IoRegion(_device, i * 8, 8), buffer, _notify, _context));
    }

    [Theory]
    [InlineData(0, IoFlags.None)]
    [InlineData(512, IoFlags.None)]
    [InlineData(0, IoFlags.StableCopy)]
    public void FromPoolPages(int offset, IoFlags flags)
    {
        using PageReservation reservation = _reactor.Reserve(4 * Batch);
        using PageList pages = _reactor.Pages.RentPages(2);
        IoBuffer buffer = IoBuffer.Pages(pages, offset);
        AssertNothingAllocated(i => _reactor.SubmitWrite(new IoRegion(_device, i * 8, 8), buffer, _notify, _context, flags));
    }

    [Fact]
    public void ToThreeRegionsOfSeveralChunks()
    {
        IoRegion[] legs = [new(_device, 0, 24), new(_device, 32, 24), new(_device, 64, 24)];
        AssertNothingAllocated(_ => _reactor.SubmitWrite(legs, _memory, _notify, _context, IoFlags.Fua));
    }

    [Fact]
    public unsafe void InBatches()
    {
        IoBuffer buffer = IoBuffer.Contiguous(_memory.Pointer, 4096);
        IoRequest[] requests = [.. Enumerable.Range(0, Batch).Select(i => IoRequest.Read(new IoRegion(_device, i * 8, 8), buffer, _notify, _context))];
        AssertNothingAllocated(i =>
        {
            if (i == 0)
                _reactor.Submit(requests);
        });
    }

    [Fact]
    public unsafe void FromACallback()
    {
        IoBuffer buffer = IoBuffer.Contiguous(_memory.Pointer, 4096);
        IoNotify again = (result, context) =>
        {
            _notify(result, context);
            _reactor.SubmitRead(new IoRegion(_device, 8, 8), buffer, _notify, _context);
        };
        AssertNothingAllocated(i => _reactor.SubmitRead(new IoRegion(_device, i * 8, 8), buffer, again, _context));
    }

    /// <summary>All of it happens on this thread, so its own count is exact.</summary>
    private void AssertNothingAllocated(Action<int> submit)
    {
        Run();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Run();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(0, _failures);

        void Run()
        {
            for (int round = 0; round < Rounds; round++)
            {
                for (int i = 0; i < Batch; i++)
                    submit(i);
                while (_reactor.UnderWay > 0)
                    _reactor.Poll(_reactor.UnderWay);
            }
        }
    }
}
