using DmIoUring.Memory;
using DmIoUring.TestSupport;

namespace DmIoUring.UnitTests.Memory;

/// <summary>Memory of the embedder's own in the pool's table. The table only has addresses: none of these is touched.</summary>
public sealed unsafe class RegisteredMemoryTests
{
    private const long GiB = 1L << 30;
    private static readonly byte* Somewhere = (byte*)0x10_0000_0000;

    [Fact]
    public void RegisteredMemory_IsFoundFromItsFirstByteToItsLast_UntilItsRegistrationEnds()
    {
        using PagePool pool = new(new CountedExtents());
        using PageReservation pages = pool.Reserve(32);
        MemoryRegistration registration = pool.Register(Somewhere, 5000, memory: null);

        Assert.Equal(5000, registration.Length);
        Assert.True(pool.TryFindExtent(Somewhere, out int slot, out uint generation));
        Assert.True(pool.TryFindExtent(Somewhere + 4999, out int same, out _) && same == slot);
        Assert.False(pool.TryFindExtent(Somewhere - 1, out _, out _));
        Assert.False(pool.TryFindExtent(Somewhere + 5000, out _, out _));

        registration.Dispose();
        registration.Dispose();
        Assert.False(pool.TryFindExtent(Somewhere, out _, out _));
        using MemoryRegistration again = pool.Register(Somewhere, 5000, memory: null);
        Assert.True(pool.TryFindExtent(Somewhere, out _, out uint later));
        Assert.NotEqual(generation, later);
    }

    [Fact]
    public void MoreThanAGiB_TakesAPlaceForEach()
    {
        using PagePool pool = new(new CountedExtents());
        using MemoryRegistration registration = pool.Register(Somewhere, (4 * GiB) + 1, memory: null);

        Assert.Equal(5, pool.Extents.Count);
        Assert.Equal([GiB, GiB, GiB, GiB, 1], Enumerable.Range(0, 5).Select(slot => pool.Extents[slot].Length));
        Assert.True(pool.TryFindExtent(Somewhere + (4 * GiB), out int last, out _));
        Assert.Equal(4, last);
    }

    [Fact]
    public void PoolGrowsAndShrinks_AroundRegisteredMemory()
    {
        using PagePool pool = new(new CountedExtents());
        PageReservation before = pool.Reserve(32);
        using MemoryRegistration registration = pool.Register(Somewhere, 4096, memory: null);
        using PageReservation after = pool.Reserve(500);
        before.Dispose();
        using PageReservation more = pool.Reserve(1000);

        Assert.True(pool.TryFindExtent(Somewhere, out int slot, out _));
        Assert.True(pool.Extents[slot].Start == Somewhere);
        using PageList list = pool.Rent(1500);
        for (int page = 0; page < list.Count; page++)
        {
            fixed (byte* address = list[page])
            {
                Assert.True(pool.TryFindExtent(address, out int other, out _));
                Assert.NotEqual(slot, other);
            }
        }
    }

    [Fact]
    public void WhereEveryPlaceIsTaken_ItIsRefusedWithTheNumbers_AndSoIsAReservation()
    {
        using PagePool pool = new(new CountedExtents());
        List<MemoryRegistration> all = [.. Enumerable.Range(0, PagePool.MaxExtents).Select(i => pool.Register(Somewhere + (i * 2), 1, memory: null))];

        InvalidOperationException refused = Assert.Throws<InvalidOperationException>(() => pool.Register(Somewhere + 5000, 1, memory: null));
        Assert.Contains("take 1 of 1024 places, and 1024 are taken", refused.Message, StringComparison.Ordinal);
        Assert.Contains("registered memory in 1024", Assert.Throws<InvalidOperationException>(() => pool.Reserve(1)).Message, StringComparison.Ordinal);

        all[7].Dispose();
        using MemoryRegistration one = pool.Register(Somewhere + 5000, 1, memory: null);
        all.ForEach(static registration => registration.Dispose());
    }

    [Theory]
    [InlineData(0, 100)]
    [InlineData(-50, 51)]
    [InlineData(99, 1)]
    [InlineData(-10, 200)]
    [InlineData(20, 10)]
    public void Overlap_IsRefusedWithBothAddresses(int offset, int length)
    {
        using PagePool pool = new(new CountedExtents());
        using MemoryRegistration registration = pool.Register(Somewhere, 100, memory: null);
        int version = pool.Version;

        ArgumentException refused = Assert.Throws<ArgumentException>(() => pool.Register(Somewhere + offset, length, memory: null));

        Assert.Contains("100 bytes at 0x1000000000", refused.Message, StringComparison.Ordinal);
        Assert.Equal(version, pool.Version);
        pool.Register(Somewhere - 10, 10, memory: null).Dispose();
        pool.Register(Somewhere + 100, 10, memory: null).Dispose();
    }

    /// <summary>Whoever returns from Dispose may unmap the memory: also the one who came second.</summary>
    [Fact]
    public void RegistrationThatSeveralThreadsEnd_HasEndedForEachOfThem()
    {
        using PagePool pool = new(new CountedExtents());
        for (int round = 0; round < 200; round++)
        {
            using IoMemory memory = IoMemory.Allocate(4096);
            MemoryRegistration registration = pool.Register((byte*)memory.Pointer, 4096, memory);
            nint address = (nint)memory.Pointer;
            int early = 0;
            Parallel.For(0, 4, _ =>
            {
                registration.Dispose();
                if (pool.TryFindExtent((byte*)address, out int _, out uint _))
                    Interlocked.Increment(ref early);
            });
            Assert.Equal(0, early);
            Assert.Equal(0, memory.Pins);
        }
    }

    [Fact]
    public void DisposedPool_RefusesMemory_AndKeepsNoPin()
    {
        using IoMemory memory = IoMemory.Allocate(4096);
        PagePool pool = new(new CountedExtents());
        MemoryRegistration before = pool.Register(Somewhere, 100, memory: null);
        pool.Dispose();

        Assert.Throws<ObjectDisposedException>(() => pool.Register((byte*)memory.Pointer, 4096, memory));
        Assert.Equal(0, memory.Pins);
        before.Dispose();
    }

    [Fact]
    public void DisposedMemory_StaysAllocated_WhileItIsRegistered()
    {
        using PagePool pool = new(new CountedExtents());
        IoMemory memory = IoMemory.Allocate(4096);
        MemoryRegistration registration = pool.Register((byte*)memory.Pointer, 4096, memory);

        memory.Dispose();
        Assert.False(memory.IsFreed);
        Assert.Throws<ObjectDisposedException>(() => pool.Register(memory.FirstByte, 4096, memory));
        registration.Dispose();
        Assert.True(memory.IsFreed);
    }
}
