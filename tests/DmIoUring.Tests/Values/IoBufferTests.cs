namespace DmIoUring.Tests.Values;

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
    public void Default_IsEmpty() => Assert.Equal(0, default(IoBuffer).Length);
}
