using DmIoUring.Memory;
using DmIoUring.TestSupport;

namespace DmIoUring.UnitTests.Memory;

public sealed unsafe class PageListTests : IDisposable
{
    private readonly PagePool _pool = new(new CountedExtents());
    private readonly PageReservation _reservation;

    public PageListTests() => _reservation = _pool.Reserve(64);

    public void Dispose()
    {
        _reservation.Dispose();
        _pool.Dispose();
    }

    [Fact]
    public void Pages_AreAlignedAndDistinct_ByIndexAndByEnumeration()
    {
        PageList list = Scattered(20);
        HashSet<nint> pages = [];
        int index = 0;
        foreach (Span<byte> page in list)
        {
            Assert.Equal(PageList.PageSize, page.Length);
            nint address = (nint)list.GetPointer(index);
            Assert.Equal(0, address % PageList.PageSize);
            Assert.True(pages.Add(address));
            fixed (byte* start = page)
                Assert.Equal(address, (nint)start);
            fixed (byte* start = list[index])
                Assert.Equal(address, (nint)start);
            index++;
        }

        Assert.Equal(list.Count, index);
        Assert.Equal(list.Count * 4096L, list.Length);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(20)]
    [InlineData(int.MaxValue)]
    public void NoSuchPage_Throws_WithTheValue(int page)
    {
        PageList list = Scattered(20);
        Assert.Equal(page, Assert.Throws<ArgumentOutOfRangeException>(() => (nint)list.GetPointer(page)).ActualValue);
        Assert.Throws<ArgumentOutOfRangeException>(() => list[page].Length);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 20 * 4096)]
    [InlineData(4095, 2)]
    [InlineData(5000, 30_000)]
    [InlineData(20 * 4096, 0)]
    public void Copies_CrossPagesAtAnyOffset(int offset, int length)
    {
        PageList list = Scattered(20);
        byte[] all = new byte[list.Length];
        new Random(1).NextBytes(all);
        list.CopyFrom(all);
        byte[] part = new byte[length];
        list.CopyTo(part, offset);
        Assert.Equal(all[offset..(offset + length)], part);

        part.AsSpan().Fill(9);
        list.CopyFrom(part, offset);
        part.CopyTo(all, offset);
        byte[] after = new byte[all.Length];
        list.CopyTo(after);
        Assert.Equal(all, after);
    }

    [Theory]
    [InlineData(-1, 0, "offset")]
    [InlineData((20 * 4096) + 1, 0, "offset")]
    [InlineData(long.MaxValue, 1, "offset")]
    [InlineData(20 * 4096, 1, "destination")]
    [InlineData(1, 20 * 4096, "destination")]
    public void CopyTo_OutsideTheList_Throws(long offset, int length, string parameter)
    {
        PageList list = Scattered(20);
        byte[] bytes = new byte[length];
        Assert.Equal(parameter, Assert.Throws<ArgumentOutOfRangeException>(() => list.CopyTo(bytes, offset)).ParamName);
        Assert.Throws<ArgumentOutOfRangeException>(() => list.CopyFrom(bytes, offset));
    }

    [Fact]
    public void Runs_MergeAdjacentPages_AndCoverTheListInOrder()
    {
        PageList list = Scattered(20);
        List<nint> pages = [];
        PageCursor cursor = list.CursorAt(0);
        byte* end = null;
        while (list.TryGetRun(ref cursor, long.MaxValue, out byte* start, out long length))
        {
            Assert.False(start == end, "Two adjacent runs were not merged.");
            end = start + length;
            for (byte* page = start; page < end; page += PageList.PageSize)
                pages.Add((nint)page);
        }

        Assert.Equal(Enumerable.Range(0, list.Count).Select(page => (nint)list.GetPointer(page)), pages);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4096)]
    [InlineData(3 * 4096)]
    [InlineData((7 * 4096) + 512)]
    [InlineData((20 * 4096) - 1)]
    public void Cursor_SeeksToAByte_AndTakesNoMoreThanAsked(int offset)
    {
        PageList list = Scattered(20);
        PageCursor cursor = list.CursorAt(offset);
        Assert.True(list.TryGetRun(ref cursor, 1, out byte* start, out long length));
        Assert.Equal(1, length);
        Assert.True(start == (byte*)list.GetPointer(offset / 4096) + (offset % 4096));
        long rest = 0;
        while (list.TryGetRun(ref cursor, 1000, out _, out length))
        {
            Assert.InRange(length, 1, 1000);
            rest += length;
        }

        Assert.Equal(list.Length - offset - 1, rest);
    }

    [Fact]
    public void CursorAtTheEnd_IsNoRun_AndBeyondItThrows()
    {
        PageList list = Scattered(5);
        PageCursor cursor = list.CursorAt(list.Length);
        Assert.False(list.TryGetRun(ref cursor, 1, out _, out _));
        PageCursor nowhere = default;
        Assert.False(list.TryGetRun(ref nowhere, 1, out _, out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => list.CursorAt(list.Length + 1));
    }

    [Fact]
    public void EmptyList_HasNothing_AndDisposingItDoesNothing()
    {
        PageList none = default;
        none.Dispose();
        none.Dispose();
        Assert.Equal(0, none.Count);
        Assert.True(none.IsContiguous);
        none.CopyTo([]);
        foreach (Span<byte> page in none)
            Assert.Fail(page.Length.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    [Fact]
    public void Return_ASecondTime_Throws_AlsoThroughACopy()
    {
        PageList list = _pool.Rent(3);
        PageList copy = list;
        Assert.Equal(list, copy);
        copy.Dispose();
        InvalidOperationException twice = Assert.Throws<InvalidOperationException>(list.Dispose);
        Assert.Contains("3 pages", twice.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(copy.Dispose);
        Assert.Equal(64, _pool.Counters.Free);
    }

    [Fact]
    public void StaleCopy_CantReturnOrUse_WhatIsSomebodyElsesNow()
    {
        PageList stale = _pool.Rent(3);
        stale.Dispose();
        using PageList next = _pool.Rent(3);
        Assert.True(next.FirstPage == stale.FirstPage);
        Assert.NotEqual(stale, next);
        Assert.Throws<InvalidOperationException>(stale.Dispose);
        AssertUnusable(stale);
        next[2].Fill(1);
        Assert.Equal(3, _pool.Counters.Rented);
    }

    [Fact]
    public void StaleCopy_WhoseFirstPageIsInsideAnotherList_IsToldApart()
    {
        PageList front = _pool.Rent(1);
        PageList stale = _pool.Rent(1);
        stale.Dispose();
        front.Dispose();
        using PageList both = _pool.Rent(2);
        Assert.Throws<InvalidOperationException>(stale.Dispose);
        AssertUnusable(stale);
    }

    [Fact]
    public void StaleCopy_WhoseExtentIsGone_IsToldApart_AlsoFromItsSuccessor()
    {
        PageReservation large = _pool.Reserve(5000);
        PageList front = _pool.Rent(64);
        PageList stale = _pool.Rent(4000);
        stale.Dispose();
        front.Dispose();
        large.Dispose();
        Assert.Throws<InvalidOperationException>(stale.Dispose);
        AssertUnusable(stale);

        using PageReservation successor = _pool.Reserve(100);
        Assert.Throws<InvalidOperationException>(stale.Dispose);
        AssertUnusable(stale);
    }

    private static void AssertUnusable(PageList list)
    {
        Assert.Throws<ObjectDisposedException>(() => list[0].Length);
        Assert.Throws<ObjectDisposedException>(() => list.IsContiguous);
        Assert.Throws<ObjectDisposedException>(() => list.CopyTo(new byte[1]));
        Assert.Throws<ObjectDisposedException>(() => list.CopyFrom(new byte[1]));
        Assert.Throws<ObjectDisposedException>(list.BeginUse);
        Assert.Throws<ObjectDisposedException>(() =>
        {
            foreach (Span<byte> page in list)
                page.Clear();
        });
    }

    /// <summary>Pieces of one, two and three pages with holes between them.</summary>
    private PageList Scattered(int pages)
    {
        List<PageList> holes = [];
        List<PageList> pieces = [];
        for (int i = 0; _pool.Counters.Free > 0; i++)
        {
            pieces.Add(_pool.Rent((int)Math.Min((i % 3) + 1, _pool.Counters.Free)));
            if (_pool.Counters.Free > 0)
                holes.Add(_pool.Rent(1));
        }

        pieces.ForEach(static piece => piece.Dispose());
        PageList list = _pool.Rent(pages);
        Assert.False(list.IsContiguous);
        holes.ForEach(static hole => hole.Dispose());
        return list;
    }

    [Fact]
    public void Lists_AreEqual_WhenTheyAreTheSameRental()
    {
        PageList list = _pool.Rent(2);
        PageList same = list;
        PageList other = _pool.Rent(2);
        Assert.True(list == same);
        Assert.True(list != other);
        Assert.Equal((object)list, same);
        Assert.NotEqual((object)list, "a list");
        Assert.Equal(list.GetHashCode(), same.GetHashCode());
        list.Dispose();
        other.Dispose();
        using PageList later = _pool.Rent(2);
        Assert.True(later != list);
    }
}
