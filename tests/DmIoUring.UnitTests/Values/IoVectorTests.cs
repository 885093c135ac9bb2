namespace DmIoUring.UnitTests.Values;

public sealed unsafe class IoVectorTests
{
    [Fact]
    public void VectorsAreEqual_WhenPlaceAndLengthAre()
    {
        byte* memory = stackalloc byte[16];
        IoVector vector = new(memory, 8);
        Assert.True(vector == new IoVector(memory, 8));
        Assert.True(vector != new IoVector(memory, 9));
        Assert.True(vector != new IoVector(memory + 1, 8));
        Assert.Equal((object)vector, new IoVector(memory, 8));
        Assert.NotEqual((object)vector, "a vector");
        Assert.Equal(vector.GetHashCode(), new IoVector(memory, 8).GetHashCode());
    }

    [Fact]
    public void BuffersOfVectors_RefuseWhatIsNoMemory_WithItsPlace()
    {
        byte* memory = stackalloc byte[16];
        IoVector good = new(memory, 8);
        Assert.Contains("Vector 1", AssertRefused(good, new IoVector(null, 8)), StringComparison.Ordinal);
        Assert.Contains("Vector 1", AssertRefused(good, new IoVector(memory, 0)), StringComparison.Ordinal);
        Assert.Contains("2^63", AssertRefused(good, new IoVector(memory, nuint.MaxValue / 2)), StringComparison.Ordinal);
        Assert.Contains("Segment 1", Assert.Throws<ArgumentException>(() => IoBuffer.From(new Memory<byte>[] { new byte[1], default })).Message, StringComparison.Ordinal);
    }

    private static string AssertRefused(params IoVector[] vectors) => Assert.Throws<ArgumentException>(() => IoBuffer.Vectors(vectors)).Message;
}
