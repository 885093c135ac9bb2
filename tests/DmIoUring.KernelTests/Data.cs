namespace DmIoUring.KernelTests;

/// <summary>Bytes that look like nothing else.</summary>
internal static class Data
{
    public static byte[] Bytes(int length, int seed)
    {
        byte[] bytes = new byte[length];
#pragma warning disable CA5394 // Nothing secret: the seed is the point.
        new Random(seed).NextBytes(bytes);
#pragma warning restore CA5394
        return bytes;
    }

    public static IoMemory Memory(int length, int seed)
    {
        IoMemory memory = IoMemory.Allocate(length);
        Bytes(length, seed).CopyTo(memory.GetSpan());
        return memory;
    }

    /// <summary>Asserts that two pieces are the same, and says where they are not.</summary>
    public static void AssertSame(ReadOnlySpan<byte> expected, ReadOnlySpan<byte> actual, string where)
    {
        Assert.Equal(expected.Length, actual.Length);
        int odd = expected.CommonPrefixLength(actual);
        Assert.True(odd == expected.Length, $"{where} differs from byte {odd} of {expected.Length} on.");
    }
}
