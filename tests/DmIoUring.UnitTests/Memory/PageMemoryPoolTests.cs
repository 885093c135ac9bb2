using System.Buffers;
using DmIoUring.Memory;
using DmIoUring.TestSupport;

namespace DmIoUring.UnitTests.Memory;

public sealed class PageMemoryPoolTests : IDisposable
{
    private readonly PagePool _pool = new(new CountedExtents());
    private readonly PageMemoryPool _memory;

    public PageMemoryPoolTests() => _memory = new PageMemoryPool(_pool);

    public void Dispose()
    {
        _memory.Dispose();
        _pool.Dispose();
    }

    [Theory]
    [InlineData(-1, 4096)]
    [InlineData(0, 4096)]
    [InlineData(1, 4096)]
    [InlineData(4096, 4096)]
    [InlineData(4097, 8192)]
    [InlineData(65536, 65536)]
    public unsafe void Rent_IsWholePages_OnAPage(int bytes, int length)
    {
        using PageReservation reservation = _memory.Reserve(16);
        using IMemoryOwner<byte> owner = _memory.Rent(bytes);
        Assert.Equal(length, owner.Memory.Length);
        owner.Memory.Span.Fill(5);
        using MemoryHandle pin = owner.Memory.Pin();
        Assert.Equal(0, (nint)pin.Pointer % 4096);
        Assert.Equal(length / 4096, _memory.RentedPages);
    }

    [Fact]
    public async Task RentAsync_WithAllPagesOut_WaitsForItsTurn()
    {
        using PageReservation reservation = _memory.Reserve(16);
        PageList held = _memory.RentPages(16);
        Assert.False(_memory.TryRent(1, out IMemoryOwner<byte>? none));
        Assert.Null(none);
        Task<IMemoryOwner<byte>> waiting = _memory.RentAsync(8192, TestContext.Current.CancellationToken).AsTask();
        Assert.Equal(1, _memory.Waiting);
        held.Dispose();
        using IMemoryOwner<byte> owner = await waiting;
        Assert.Equal(8192, owner.Memory.Length);
        Assert.Equal(14, _memory.FreePages);
    }

    [Fact]
    public void MaxBufferSize_IsTheLongestPiece_AndMoreIsRefused()
    {
        Assert.Equal(0, _memory.MaxBufferSize);
        using PageReservation reservation = _memory.Reserve(32);
        Assert.Equal(32 * 4096, _memory.MaxBufferSize);
        using (IMemoryOwner<byte> all = _memory.Rent(_memory.MaxBufferSize))
            Assert.Equal(32 * 4096, all.Memory.Length);
        Assert.Throws<PageShortageException>(() => _memory.Rent(_memory.MaxBufferSize + 1));
        Assert.Throws<PageShortageException>(() => _memory.Rent(int.MaxValue));
        Assert.Throws<ArgumentOutOfRangeException>(() => _memory.Rent(-2));
    }

    [Fact]
    public unsafe void Dispose_WhilePinned_Throws_AndWorksAfterwards()
    {
        using PageReservation reservation = _memory.Reserve(1);
        IMemoryOwner<byte> owner = _memory.Rent();
        MemoryHandle first = owner.Memory.Pin();
        MemoryHandle second = owner.Memory[100..].Pin();
        Assert.True((byte*)first.Pointer + 100 == second.Pointer);
        Assert.Throws<InvalidOperationException>(owner.Dispose);
        first.Dispose();
        Assert.Throws<InvalidOperationException>(owner.Dispose);
        second.Dispose();
        owner.Dispose();
        Assert.Equal(1, _memory.FreePages);
    }

    [Fact]
    public void AfterDispose_OwnerAndMemory_Throw()
    {
        using PageReservation reservation = _memory.Reserve(1);
        IMemoryOwner<byte> owner = _memory.Rent();
        Memory<byte> memory = owner.Memory;
        owner.Dispose();
        Assert.Throws<ObjectDisposedException>(owner.Dispose);
        Assert.Throws<ObjectDisposedException>(() => owner.Memory);
        Assert.Throws<ObjectDisposedException>(() => memory.Span.Length);
        Assert.Throws<ObjectDisposedException>(() => memory.Pin());
        Assert.Equal(1, _memory.FreePages);
    }

    [Fact]
    public void Dispose_OfTheView_DoesNothing()
    {
        using PageReservation reservation = _memory.Reserve(1);
        ((IDisposable)_memory).Dispose();
        _memory.Rent().Dispose();
    }
}
