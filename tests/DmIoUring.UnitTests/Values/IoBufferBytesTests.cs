using System.Buffers;
using System.Runtime.InteropServices;
using DmIoUring.Memory;
using DmIoUring.TestSupport;

namespace DmIoUring.UnitTests.Values;

/// <summary>What is in a buffer, of every kind: a part as a span where it is in one piece, and as a copy.</summary>
public sealed unsafe class IoBufferBytesTests : IDisposable
{
    /// <summary>Bytes of each buffer, and of each piece of one that has pieces: a part may lie in one, reach into the next, and into the one after it.</summary>
    private const int Length = 12288;
    private const int Piece = 4096;

    private static readonly byte[] Content = Pattern.Bytes(Length);

    private readonly IoMemory _memory = Pattern.Memory(Length);
    private readonly PagePool _pool = new(new CountedExtents());
    private readonly PageReservation _reservation;
    private readonly PageList _pages, _scattered;

    public IoBufferBytesTests()
    {
        _reservation = _pool.Reserve(16);
        PageList[] single = [.. Enumerable.Range(0, 16).Select(_ => _pool.Rent(1))];
        for (int i = 0; i < 10; i++)
            single[i].Dispose();
        _pages = _pool.Rent(4);
        for (int i = 11; i < 16; i += 2)
            single[i].Dispose();
        PageList rest = _pool.Rent(6);
        _scattered = _pool.Rent(3);
        rest.Dispose();
        for (int i = 10; i < 16; i += 2)
            single[i].Dispose();
        Assert.False(_scattered.IsContiguous);
        _scattered.CopyFrom(Content);
        _pages.CopyFrom(Content, Offset);
    }

    /// <summary>Bytes of the first page that are not of the buffer.</summary>
    private const int Offset = 100;

    public enum Kind
    {
        Address,
        Owned,
        Array,
        ReadOnlyMemory,
        NativeMemory,
        Vectors,
        Segments,
        Sequence,
        SequenceOfOne,
        PagesWithOffset,
        ScatteredPages,
    }

    public static TheoryData<Kind> Kinds => [.. Enum.GetValues<Kind>()];

    public void Dispose()
    {
        _pages.Dispose();
        _scattered.Dispose();
        _reservation.Dispose();
        _pool.Dispose();
        _memory.Dispose();
    }

    /// <summary>Parts in one piece, across a boundary, across two, up to one, from one on, of one byte and of none.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public void EveryPart_IsCopied(Kind kind)
    {
        IoBuffer buffer = BufferOf(kind);
        Assert.True(buffer.Length >= Length);
        foreach ((int at, int length) in (ReadOnlySpan<(int, int)>)
            [
                (0, 0), (0, 1), (0, Piece), (1, Piece - 1), (Piece - 1, 1), (Piece, 1), (Piece, Piece), (Piece, 0), (Piece - 1, 2), (100, Piece), (10, Length - 20), (0, Length),
                (2 * Piece, Piece), (Length - 1, 1), (Length, 0),
            ])
        {
            byte[] copy = [.. Enumerable.Repeat((byte)0xA5, length + 2)];
            buffer.CopyTo(at, copy.AsSpan(1, length));
            Assert.Equal([0xA5, .. Content.AsSpan(at, length), 0xA5], copy);
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void APartThatIsNotInside_Throws_AndNothingIsCopied(Kind kind)
    {
        IoBuffer buffer = BufferOf(kind);
        byte[] none = new byte[2];
        foreach (long at in (ReadOnlySpan<long>)[-1, long.MinValue, buffer.Length - 1, buffer.Length, buffer.Length + 1, long.MaxValue])
            Assert.Equal("offset", Assert.Throws<ArgumentOutOfRangeException>(() => buffer.CopyTo(at, none)).ParamName);
        Assert.Equal([0, 0], none);
    }

    [Fact]
    public void OfNothing_NothingIsCopied()
    {
        IoBuffer buffer = default;
        buffer.CopyTo(0, []);
        IoBuffer.Pages(default, offset: 512).CopyTo(0, []);
    }

    [Theory]
    [InlineData(Kind.Owned)]
    [InlineData(Kind.NativeMemory)]
    [InlineData(Kind.Segments)]
    [InlineData(Kind.Sequence)]
    public void DisposedMemory_Throws(Kind kind)
    {
        IoBuffer buffer = BufferOf(kind);
        _memory.Dispose();
        byte[] copy = new byte[Length];
        Assert.Throws<ObjectDisposedException>(() => buffer.CopyTo(0, copy));
        Assert.Equal(0, _memory.Pins);
        Assert.True(_memory.IsFreed);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void ReturnedPages_Throw(int length)
    {
        PageList pages = _pool.Rent(2);
        IoBuffer buffer = pages;
        pages.Dispose();
        byte[] copy = new byte[length];
        Assert.Throws<ObjectDisposedException>(() => buffer.CopyTo(0, copy));
    }

    /// <summary>The pages are in use for as long as the copy takes and no longer; so is memory pinned.</summary>
    [Fact]
    public void AfterACopy_NothingIsPinned()
    {
        byte[] copy = new byte[Length];
        foreach (Kind kind in (ReadOnlySpan<Kind>)[Kind.Owned, Kind.NativeMemory, Kind.Segments, Kind.Sequence])
        {
            BufferOf(kind).CopyTo(0, copy);
            Assert.Equal(0, _memory.Pins);
        }

        PageList pages = _pool.Rent(2);
        IoBuffer.Pages(pages).CopyTo(0, copy.AsSpan(0, Piece));
        pages.Dispose();
    }

    /// <summary>Each piece is pinned while it is read.</summary>
    [Fact]
    public void Pieces_ArePinnedWhileTheyAreCopied()
    {
        using Watched first = new(Content[..Piece]), second = new(Content[Piece..(2 * Piece)]), third = new(Content[(2 * Piece)..]);
        byte[] copy = new byte[Piece];
        IoBuffer.From(new Memory<byte>[] { first.Memory, second.Memory, third.Memory }).CopyTo(100, copy);
        Assert.Equal(Content[100..(100 + Piece)], copy);
        new Chain(first.Memory, second.Memory, third.Memory).ToBuffer().CopyTo(100, copy);
        IoBuffer.From(first.Memory).CopyTo(0, copy);
        Assert.Equal((3, 2, 0), (first.PinCount, second.PinCount, third.PinCount));
        Assert.Equal((0, 0, 0), (first.Pinned, second.Pinned, third.Pinned));
    }

    /// <summary>A dispose or a return that meets a copy: the copy has it all, or says that it is gone.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ACopy_ThatMeetsTheEndOfItsMemory_IsWholeOrRefused(bool isOfPages)
    {
        byte[] copy = new byte[Length];
        for (int round = 0; round < 200; round++)
        {
            PageList pages = isOfPages ? _pool.Rent(3) : default;
            using IoMemory memory = Pattern.Memory(Length);
            if (isOfPages)
                pages.CopyFrom(Content);
            IoBuffer buffer = isOfPages ? pages : memory;
            using Barrier barrier = new(2);
            Thread end = new(() =>
            {
                barrier.SignalAndWait();
                while (!TryEnd())
                    Thread.Yield();
            });
            end.Start();
            barrier.SignalAndWait();
            try
            {
                while (true)
                {
                    copy.AsSpan().Clear();
                    buffer.CopyTo(0, copy);
                    Assert.True(copy.AsSpan().SequenceEqual(Content), "the copy has other bytes");
                }
            }
            catch (ObjectDisposedException)
            {
                end.Join();
            }

            bool TryEnd()
            {
                try
                {
                    pages.Dispose();
                }
                catch (InvalidOperationException)
                {
                    return false;
                }

                memory.Dispose();
                return true;
            }
        }
    }

    private IoBuffer BufferOf(Kind kind)
    {
        byte* start = (byte*)_memory.Pointer;
        Memory<byte> memory = _memory.Memory;
        return kind switch
        {
            Kind.Address => IoBuffer.Contiguous(start, Length),
            Kind.Owned => _memory,
            Kind.Array => Content,
            Kind.ReadOnlyMemory => (ReadOnlyMemory<byte>)Content,
            Kind.NativeMemory => memory,
            Kind.Vectors => IoBuffer.Vectors(new IoVector[] { new(start, Piece), new(start + Piece, Piece), new(start + (2 * Piece), Piece) }),
            Kind.Segments => IoBuffer.From(new[] { memory[..Piece], memory[Piece..(2 * Piece)], memory[(2 * Piece)..] }),
            Kind.Sequence => new Chain(memory[..Piece], Memory<byte>.Empty, memory[Piece..(2 * Piece)], memory[(2 * Piece)..]).ToBuffer(),
            Kind.SequenceOfOne => new ReadOnlySequence<byte>(Content),
            Kind.PagesWithOffset => IoBuffer.Pages(_pages, Offset),
            Kind.ScatteredPages => _scattered,
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    /// <summary>Memory that counts its pins, and refuses to be read without one.</summary>
    private sealed class Watched(byte[] content) : MemoryManager<byte>
    {
        public int PinCount { get; private set; }

        public int Pinned { get; private set; }

        public override Memory<byte> Memory => CreateMemory(content.Length);

        public override Span<byte> GetSpan() => Pinned > 0 ? content : throw new InvalidOperationException("It is not pinned.");

        public override MemoryHandle Pin(int elementIndex = 0)
        {
            PinCount++;
            Pinned++;
            GCHandle handle = GCHandle.Alloc(content, GCHandleType.Pinned);
            return new MemoryHandle((byte*)handle.AddrOfPinnedObject() + elementIndex, handle, this);
        }

        public override void Unpin() => Pinned--;

        protected override void Dispose(bool disposing)
        {
        }
    }

    private sealed class Chain : ReadOnlySequenceSegment<byte>
    {
        private readonly Chain _last;

        public Chain(params ReadOnlySpan<Memory<byte>> pieces)
        {
            Memory = pieces[0];
            _last = this;
            for (int i = 1; i < pieces.Length; i++)
            {
                Chain next = new(pieces[i]) { RunningIndex = _last.RunningIndex + _last.Memory.Length };
                _last.Next = next;
                _last = next;
            }
        }

        public IoBuffer ToBuffer() => new ReadOnlySequence<byte>(this, 0, _last, _last.Memory.Length);
    }
}
