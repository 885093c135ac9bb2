using System.Buffers;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;

namespace DmIoUring.UnitTests.Values;

public sealed unsafe class IoMemoryTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(511)]
    [InlineData(4096)]
    [InlineData((1 << 20) + 1)]
    public void Allocate_StartsOnAPage_AndIsZeroed(int length)
    {
        using IoMemory memory = IoMemory.Allocate(length);
        Assert.Equal(length, memory.Length);
        Assert.Equal(0, (nint)memory.Pointer % IoMemory.Alignment);
        Assert.Equal(length, memory.GetSpan().Length);
        Assert.False(memory.GetSpan().ContainsAnyExcept((byte)0));
    }

    [Fact]
    public void Allocate_AfterAnotherWasDirtiedAndFreed_IsZeroed()
    {
        // Freed memory of the same size is what the allocator gives out next.
        for (int i = 0; i < 16; i++)
        {
            using IoMemory memory = IoMemory.Allocate(4096);
            Assert.False(memory.GetSpan().ContainsAnyExcept((byte)0));
            memory.GetSpan().Fill(0xA5);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(long.MinValue)]
    public void Allocate_LessThanAByte_Throws_WithTheValue(long length)
    {
        ArgumentOutOfRangeException refused = Assert.Throws<ArgumentOutOfRangeException>(() => IoMemory.Allocate(length));
        Assert.Equal("length", refused.ParamName);
        Assert.Equal(length, refused.ActualValue);
    }

    [Fact]
    public void Allocate_MoreThanTheAddressSpace_IsOutOfMemory() =>
        Assert.Throws<OutOfMemoryException>(() => IoMemory.Allocate(long.MaxValue));

    [Fact]
    public void Slice_StartsAtItsOffset()
    {
        using IoMemory memory = IoMemory.Allocate(4096);
        IoBuffer slice = memory.Slice(512, 1024);
        Assert.Equal(1024, slice.Length);
        Assert.True(slice.Pointer == (byte*)memory.Pointer + 512);
    }

    [Theory]
    [InlineData(0, 4096)]
    [InlineData(4096, 0)]
    [InlineData(4095, 1)]
    public void Slice_UpToTheEnd_IsInside(long offset, long length)
    {
        using IoMemory memory = IoMemory.Allocate(4096);
        Assert.Equal(length, memory.Slice(offset, length).Length);
    }

    [Theory]
    [InlineData(-1, 1, "offset")]
    [InlineData(0, -1, "length")]
    [InlineData(4097, 0, "offset")]
    [InlineData(0, 4097, "length")]
    [InlineData(4096, 1, "length")]
    [InlineData(1, long.MaxValue, "length")]
    [InlineData(long.MaxValue, long.MaxValue, "offset")]
    public void Slice_OutsideTheMemory_Throws(long offset, long length, string parameter)
    {
        using IoMemory memory = IoMemory.Allocate(4096);
        Assert.Equal(parameter, Assert.Throws<ArgumentOutOfRangeException>(() => memory.Slice(offset, length)).ParamName);
    }

    [Fact]
    public void Pin_IsThePointerAtTheIndex()
    {
        using IoMemory memory = IoMemory.Allocate(4096);
        using MemoryHandle handle = memory.Pin(100);
        Assert.True(handle.Pointer == (byte*)memory.Pointer + 100);
        Assert.Throws<ArgumentOutOfRangeException>(() => memory.Pin(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => memory.Pin(4097));
    }

    [Fact]
    public void Memory_IsTheSameBytes()
    {
        using IoMemory memory = IoMemory.Allocate(4096);
        memory.Memory.Span[17] = 0x5A;
        Assert.Equal(0x5A, ((byte*)memory.Pointer)[17]);
    }

    [Fact]
    public void AfterDispose_EveryWayToTheBytes_Throws()
    {
        IoMemory memory = IoMemory.Allocate(4096);
        memory.Dispose();
        memory.Dispose();
        Assert.Throws<ObjectDisposedException>(() => (nint)memory.Pointer);
        Assert.Throws<ObjectDisposedException>(() => memory.GetSpan().Length);
        Assert.Throws<ObjectDisposedException>(() => memory.ToBuffer());
        Assert.Throws<ObjectDisposedException>(() => memory.Slice(0, 1));
        Assert.Throws<ObjectDisposedException>(() => memory.Pin());
        Assert.Throws<ObjectDisposedException>(() => (IoBuffer)memory);
    }

    [Fact]
    public void Memory_DisposedWhilePinned_IsFreedWithItsLastPin()
    {
        IoMemory memory = IoMemory.Allocate(4096);
        memory.GetSpan().Fill(7);
        System.Buffers.MemoryHandle first = memory.Pin();
        System.Buffers.MemoryHandle second = memory.Pin();
        memory.Dispose();

        unsafe
        {
            Assert.Equal(7, *(byte*)first.Pointer);
            first.Dispose();
            Assert.Equal(7, *(byte*)second.Pointer);
        }

        second.Dispose();
        Assert.Throws<ObjectDisposedException>(() => memory.Pin());
        Assert.Throws<ObjectDisposedException>(() => memory.GetSpan());
        memory.Dispose();
    }

    [Fact]
    public void Buffer_OfDisposedMemory_IsRefusedWhenItIsUsed()
    {
        using ScratchFile file = ScratchFile.Create(1 << 20);
        using BlockDevice device = BlockDevice.Open(file.Path);
        using DmIoClient client = new();
        IoMemory memory = IoMemory.Allocate(4096);
        IoBuffer buffer = memory;
        memory.Dispose();

        Assert.Throws<ObjectDisposedException>(() => client.Write(new IoRegion(device, 0, 8), buffer));
        Assert.Throws<ObjectDisposedException>(() => client.SubmitWrite(new IoRegion(device, 0, 8), buffer, static (_, _) => { }));
    }

    /// <summary>
    /// Told of memory that no collection frees, the collector collects in vain: once for each of these. In a process of its own: what other
    /// tests allocate is collected too.
    /// </summary>
    [Fact]
    public void LargeAllocations_MakeNoCollections() => ExplicitTest.AssertPasses(["env"], GetType(), nameof(AllocateOften));

    [Fact(Explicit = true)]
    public void AllocateOften()
    {
        int before = GC.CollectionCount(2);
        for (int i = 0; i < 50; i++)
            IoMemory.Allocate(64 << 20).Dispose();
        Assert.InRange(GC.CollectionCount(2) - before, 0, 5);
    }
}
