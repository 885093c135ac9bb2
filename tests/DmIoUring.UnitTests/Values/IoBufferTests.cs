using System.Buffers;
using System.Runtime.CompilerServices;

namespace DmIoUring.UnitTests.Values;

public sealed unsafe class IoBufferTests
{
    [Fact]
    public void Contiguous_Null_Throws() =>
        Assert.Equal("pointer", Assert.Throws<ArgumentNullException>(() => IoBuffer.Contiguous(null, 512)).ParamName);

    [Theory]
    [InlineData(-1)]
    [InlineData(long.MinValue)]
    public void Contiguous_NegativeLength_Throws_WithTheValue(long length)
    {
        byte first = 0;
        byte* pointer = &first;
        ArgumentOutOfRangeException refused = Assert.Throws<ArgumentOutOfRangeException>(() => IoBuffer.Contiguous(pointer, length));
        Assert.Equal("length", refused.ParamName);
        Assert.Equal(length, refused.ActualValue);
    }

    [Fact]
    public void Contiguous_Over2GiB_KeepsItsLength()
    {
        byte first = 0;
        IoBuffer buffer = IoBuffer.Contiguous(&first, 5L << 30);
        Assert.Equal(5L << 30, buffer.Length);
        Assert.True(buffer.Pointer == &first);
        Assert.False(buffer.IsReadOnly);
    }

    [Fact]
    public void AnArray_IsWritableMemory()
    {
        byte[] array = new byte[1024];
        IoBuffer buffer = array;
        Assert.Equal(1024, buffer.Length);
        Assert.False(buffer.IsReadOnly);
        Assert.True(buffer.Memory.Span == array.AsSpan());
    }

    [Fact]
    public void Memory_KeepsItsOffset()
    {
        byte[] array = new byte[1024];
        IoBuffer buffer = array.AsMemory(512, 256);
        Assert.Equal(256, buffer.Length);
        Assert.False(buffer.IsReadOnly);
        Assert.True(buffer.Memory.Span == array.AsSpan(512, 256));
    }

    [Fact]
    public void ReadOnlyMemory_IsReadOnly()
    {
        IoBuffer buffer = (ReadOnlyMemory<byte>)new byte[512];
        Assert.Equal(512, buffer.Length);
        Assert.True(buffer.IsReadOnly);
    }

    [Fact]
    public void NullArray_Throws() => Assert.Throws<ArgumentNullException>(() => (IoBuffer)(byte[])null!);

    [Fact]
    public void NullNativeMemory_Throws() => Assert.Throws<ArgumentNullException>(() => (IoBuffer)(IoMemory)null!);

    [Fact]
    public void NativeMemory_IsItsWholeLength_WithoutACopy()
    {
        using IoMemory memory = IoMemory.Allocate(8192);
        IoBuffer buffer = memory;
        Assert.Equal(8192, buffer.Length);
        Assert.True(buffer.Pointer == memory.Pointer);
    }

    [Fact]
    public void Default_IsEmptyMemory()
    {
        IoBuffer buffer = default;
        Assert.Equal((0, IoBufferKind.Memory, false, false), (buffer.Length, buffer.Kind, buffer.IsReadOnly, buffer.IsRawPointer));
        Assert.True(buffer.Memory.IsEmpty && buffer.Segments.IsEmpty && buffer.Sequence.IsEmpty && buffer.PageList.Count == 0);
    }

    [Fact]
    public void ItIsOneCacheLine() => Assert.Equal(64, Unsafe.SizeOf<IoBuffer>());

    [Fact]
    public void OnlyAnAddress_IsARawPointer()
    {
        using IoMemory memory = IoMemory.Allocate(4096);
        IoBuffer address = IoBuffer.Contiguous(memory.Pointer, 4096);
        Assert.True(address.IsRawPointer);
        IoBuffer[] others =
        [
            default, memory, memory.Memory, new byte[512], (ReadOnlyMemory<byte>)new byte[512], new ReadOnlySequence<byte>(new byte[512]),
            IoBuffer.From(new Memory<byte>[] { new byte[512] }), IoBuffer.Vectors(new IoVector[] { new(memory.Pointer, 512) }), IoBuffer.Pages(default),
        ];
        Assert.All(others, static buffer => Assert.False(buffer.IsRawPointer));
    }

    /// <summary>What it was made from shares its place with what it was not.</summary>
    [Fact]
    public void EveryKind_GivesBackWhatItWasMadeFrom_AndNothingOfAnother()
    {
        using IoMemory memory = IoMemory.Allocate(4096);
        using DmIoClient client = new();
        using PageReservation reservation = client.Reserve(2);
        using PageList pages = client.Pages.RentPages(2);
        byte[] array = new byte[1024];
        IoVector[] vectors = [new(memory.Pointer, 512), new((byte*)memory.Pointer + 1024, 256)];
        Memory<byte>[] segments = [array.AsMemory(8, 100), array.AsMemory(200, 300)];
        ReadOnlySequence<byte> sequence = new(array, 4, 700);

        IoBuffer native = memory.Slice(512, 1024);
        Assert.Equal((1024, IoBufferKind.Native), (native.Length, native.Kind));
        Assert.True(native.Pointer == (byte*)memory.Pointer + 512);

        IoBuffer managed = IoBuffer.From((ReadOnlyMemory<byte>)array.AsMemory(16, 32));
        Assert.Equal((32, IoBufferKind.Memory, true), (managed.Length, managed.Kind, managed.IsReadOnly));
        Assert.Equal(array.AsMemory(16, 32), managed.Memory);

        IoBuffer scattered = IoBuffer.Vectors(vectors.AsMemory(1));
        Assert.Equal((256, IoBufferKind.Vectors), (scattered.Length, scattered.Kind));
        Assert.Equal(vectors.AsMemory(1), scattered.VectorArray);

        IoBuffer pieces = IoBuffer.From(segments.AsMemory());
        Assert.Equal((400, IoBufferKind.Segments, false), (pieces.Length, pieces.Kind, pieces.IsReadOnly));
        Assert.Equal(segments, pieces.Segments);
        Assert.True(pieces.Sequence.IsEmpty);

        IoBuffer chain = sequence;
        Assert.Equal((700, IoBufferKind.Sequence, true), (chain.Length, chain.Kind, chain.IsReadOnly));
        Assert.True(chain.Sequence.Start.Equals(sequence.Start) && chain.Sequence.End.Equals(sequence.End));
        Assert.True(chain.Segments.IsEmpty);

        IoBuffer list = IoBuffer.Pages(pages, 100);
        Assert.Equal((8192 - 100, IoBufferKind.Pages, 100), (list.Length, list.Kind, list.FirstOffset));
        Assert.Equal((2, 8192), (list.PageList.Count, list.PageList.Length));
        Assert.True(list.Segments.IsEmpty && list.Sequence.IsEmpty);
        Assert.All((IoBuffer[])[native, managed, scattered, pieces, chain], static buffer => Assert.Equal((0, 0), (buffer.PageList.Count, buffer.FirstOffset)));
    }

    /// <summary>A buffer that alone knows its memory keeps it from the collector.</summary>
    [Fact]
    public void WhatABufferIsMadeOf_LivesAsLongAsTheBuffer()
    {
        IoBuffer[] buffers = MakeBuffersThatAloneKnowTheirMemory();
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        byte[][] noise = [.. Enumerable.Range(0, 64).Select(static _ => new byte[1000])];
        Assert.Equal(-1, buffers[0].Memory.Span.IndexOfAnyExcept((byte)7));
        Assert.Equal(-1, buffers[1].Segments.Span[0].Span.IndexOfAnyExcept((byte)7));
        Assert.Equal(-1, buffers[2].Sequence.FirstSpan.IndexOfAnyExcept((byte)7));
        Assert.Equal(7, ((byte*)buffers[3].Pointer)[999]);
        GC.KeepAlive(noise);
        buffers[3].Owner!.Dispose();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static IoBuffer[] MakeBuffersThatAloneKnowTheirMemory()
    {
        IoMemory memory = IoMemory.Allocate(4096);
        memory.GetSpan().Fill(7);
        return [Sevens(), IoBuffer.From(new Memory<byte>[] { Sevens() }), new ReadOnlySequence<byte>(Sevens()), memory];
    }

    private static byte[] Sevens()
    {
        byte[] bytes = new byte[1000];
        Array.Fill(bytes, (byte)7);
        return bytes;
    }
}
