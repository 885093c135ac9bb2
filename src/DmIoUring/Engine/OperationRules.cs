using System.Diagnostics;

namespace DmIoUring.Engine;

/// <summary>The properties of each operation, as exhaustive switches: a new operation does not compile until each has an answer for it.</summary>
internal static class OperationRules
{
    /// <summary>The kind of chunk that an operation's regions are split into.</summary>
    public static ChunkKind DataKind(this IoOperation operation) => operation switch
    {
        IoOperation.Read => ChunkKind.Read,
        IoOperation.Write => ChunkKind.Write,
        IoOperation.Discard => ChunkKind.Discard,
        IoOperation.WriteZeroes => ChunkKind.Zeroes,
        IoOperation.Flush => throw new UnreachableException("A flush has no data: its regions have nothing left to split."),
    };

    /// <summary>Whether an operation moves bytes between the device and the request's buffer.</summary>
    public static bool HasBuffer(this IoOperation operation) => operation switch
    {
        IoOperation.Read or IoOperation.Write => true,
        IoOperation.Flush or IoOperation.Discard or IoOperation.WriteZeroes => false,
    };

    /// <summary>Whether an operation covers its region's sectors; otherwise it is for the device as a whole.</summary>
    public static bool HasSectors(this IoOperation operation) => operation switch
    {
        IoOperation.Read or IoOperation.Write or IoOperation.Discard or IoOperation.WriteZeroes => true,
        IoOperation.Flush => false,
    };

    /// <summary>Whether an operation changes what a later read returns.</summary>
    public static bool ChangesData(this IoOperation operation) => operation switch
    {
        IoOperation.Write or IoOperation.Discard or IoOperation.WriteZeroes => true,
        IoOperation.Read or IoOperation.Flush => false,
    };

    /// <summary>The operation's display name.</summary>
    public static string Name(this IoOperation operation) => operation switch
    {
        IoOperation.Read => "read",
        IoOperation.Write => "write",
        IoOperation.Flush => "flush",
        IoOperation.Discard => "discard",
        IoOperation.WriteZeroes => "write zeroes",
    };
}

/// <summary>What a request does to its regions.</summary>
internal enum IoOperation : byte
{
    Read,
    Write,
    Flush,
    Discard,
    WriteZeroes,
}
