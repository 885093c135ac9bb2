namespace DmIoUring.Engine;

/// <summary>What a chunk of each kind is made of. Each is an exhaustive switch: a new kind does not compile until every answer is given.</summary>
internal static class ChunkRules
{
    /// <summary>Whether a chunk moves bytes from or to its request's own buffer.</summary>
    public static bool HasBuffer(this ChunkKind kind) => kind switch
    {
        ChunkKind.Read or ChunkKind.Write => true,
        ChunkKind.Flush or ChunkKind.Discard or ChunkKind.DiscardByIoctl or ChunkKind.Zeroes or ChunkKind.ZeroPages or ChunkKind.Abandoned => false,
    };

    /// <summary>Whether a chunk's result counts bytes, of which there may be fewer than asked for; otherwise it is 0 or an error.</summary>
    public static bool Transfers(this ChunkKind kind) => kind switch
    {
        ChunkKind.Read or ChunkKind.Write or ChunkKind.ZeroPages => true,
        ChunkKind.Flush or ChunkKind.Discard or ChunkKind.DiscardByIoctl or ChunkKind.Zeroes or ChunkKind.Abandoned => false,
    };
}
