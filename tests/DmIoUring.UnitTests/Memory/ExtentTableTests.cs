using DmIoUring.Memory;
using DmIoUring.TestSupport;

namespace DmIoUring.UnitTests.Memory;

public sealed unsafe class ExtentTableTests
{
    [Fact]
    public void EveryAddressOfTheExtents_IsFound_AndNoneBesideThem()
    {
        using PagePool pool = new(new CountedExtents());
        List<PageReservation> reservations = [.. Enumerable.Range(1, 20).Select(i => pool.Reserve(i * 20))];
        ExtentTable table = pool.Extents;
        for (int slot = 0; slot < table.Count; slot++)
        {
            ExtentSlot extent = table[slot];
            foreach (byte* address in (byte*[])[extent.Start, extent.Start + extent.Length - 1])
            {
                Assert.True(pool.TryFindExtent(address, out int found, out uint generation));
                Assert.Equal(slot, found);
                Assert.Equal(extent.Generation, generation);
            }

            Assert.False(FindsThisSlot(extent.Start - 1, slot));
            Assert.False(FindsThisSlot(extent.Start + extent.Length, slot));
        }

        Assert.False(pool.TryFindExtent(null, out _, out _));
        Assert.False(pool.TryFindExtent((byte*)nuint.MaxValue, out _, out _));
        reservations.ForEach(static reservation => reservation.Dispose());

        bool FindsThisSlot(byte* address, int slot) => pool.TryFindExtent(address, out int found, out _) && found == slot;
    }

    [Fact]
    public void Slot_ThatIsEmptiedAndFilledAgain_HasANewGenerationEachTime()
    {
        using PagePool pool = new(new CountedExtents());
        List<uint> generations = [];
        List<int> versions = [];
        for (int i = 0; i < 5; i++)
        {
            using (pool.Reserve(16))
            {
                generations.Add(pool.Extents[0].Generation);
                versions.Add(pool.Version);
            }

            Assert.True(pool.Extents[0].Start is null);
            generations.Add(pool.Extents[0].Generation);
            versions.Add(pool.Version);
        }

        Assert.Equal(generations.Distinct(), generations);
        Assert.Equal(versions.Distinct(), versions);
        Assert.Equal(1, pool.Extents.Count);
    }

    [Fact]
    public void ExtentLeavesTheTable_BeforeItIsUnmapped()
    {
        OrderedExtents source = new();
        using PagePool pool = new(source);
        source.BeforeUnmap = extent => Assert.False(pool.TryFindExtent(extent.Start, out _, out _));
        pool.Reserve(16).Dispose();
        Assert.Equal(1, source.Unmapped);
    }

    [Fact]
    public void RentedPages_AreInTheTable_WithOneGeneration_UntilTheyAreReturned()
    {
        using PagePool pool = new(new CountedExtents());
        PageReservation first = pool.Reserve(16);
        PageList list = pool.Rent(16);
        byte* page = (byte*)list.GetPointer(3);
        Assert.True(pool.TryFindExtent(page, out int slot, out uint generation));
        for (int i = 0; i < 10; i++)
        {
            pool.Reserve(1000).Dispose();
            if (i == 5)
                first.Dispose();
            Assert.True(pool.TryFindExtent(page, out int now, out uint then));
            Assert.Equal((slot, generation), (now, then));
        }

        list.Dispose();
        Assert.False(pool.TryFindExtent(page, out _, out _));
    }

    private sealed class OrderedExtents : IExtentSource
    {
        private readonly CountedExtents _inner = new();

        public Action<MappedExtent>? BeforeUnmap { get; set; }

        public int Unmapped { get; private set; }

        public void EnsureAvailable(long bytes) => _inner.EnsureAvailable(bytes);

        public MappedExtent Map(long bytes, CancellationToken cancellationToken) => _inner.Map(bytes, cancellationToken);

        public void Unmap(MappedExtent extent)
        {
            BeforeUnmap!(extent);
            Unmapped++;
            _inner.Unmap(extent);
        }

        public IReadOnlyList<IoFeature> Describe(IReadOnlyList<MappedExtent> extents) => [];
    }
}
