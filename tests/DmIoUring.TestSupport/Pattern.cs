namespace DmIoUring.TestSupport;

/// <summary>Bytes that look like nothing else: a piece that lands in the wrong place shows.</summary>
internal static class Pattern
{
    public static byte[] Bytes(long length, int seed = 1)
    {
        byte[] bytes = new byte[length];
#pragma warning disable CA5394 // Nothing secret: the seed is the point.
        new Random(seed).NextBytes(bytes);
#pragma warning restore CA5394
        return bytes;
    }

    /// <summary>Page-aligned memory with a pattern in it.</summary>
    public static IoMemory Memory(long length, int seed = 1)
    {
        IoMemory memory = IoMemory.Allocate(length);
        Bytes(length, seed).CopyTo(memory.GetSpan());
        return memory;
    }
}
