using System.Diagnostics;
using DmIoUring.Devices;
using DmIoUring.Interop;

namespace DmIoUring.Engine;

/// <summary>The part of an NVMe command that depends on its operation; NVM Command Set Specification.</summary>
/// <param name="Opcode">The drive's operation.</param>
/// <param name="Memory">What it transfers from or to; null for nothing.</param>
/// <param name="Bytes">How much of that.</param>
/// <param name="Dword10">Command dword 10.</param>
/// <param name="Dword11">Command dword 11.</param>
/// <param name="Dword12">Command dword 12.</param>
internal readonly unsafe record struct NvmeCommand(byte Opcode, nint Memory, uint Bytes, uint Dword10, uint Dword11, uint Dword12)
{
    private const byte FlushOpcode = 0x00;
    private const byte WriteOpcode = 0x01;
    private const byte ReadOpcode = 0x02;
    private const byte WriteZeroesOpcode = 0x08;
    private const byte DatasetManagementOpcode = 0x09;
    private const uint ForceUnitAccess = 1u << 30;
    private const uint Deallocate = 1u << 2;

    /// <summary>One range of Dataset Management: attributes, blocks, first block.</summary>
    public const int RangeBytes = 16;

    /// <summary>The command for a chunk.</summary>
    /// <param name="chunk">The chunk.</param>
    /// <param name="target">The namespace.</param>
    /// <param name="range">Memory for a range, the drive's until the command has ended.</param>
    /// <param name="transferFlags">RWF_* of the request's data.</param>
    public static NvmeCommand Of(Chunk* chunk, NvmeNamespace target, void* range, uint transferFlags)
    {
        uint bytes = BytesOf(chunk, target);
        uint durable = (transferFlags & FileAbi.RWF_DSYNC) != 0 ? ForceUnitAccess : 0;
        return chunk->Kind switch
        {
            ChunkKind.Read => Transfer(ReadOpcode, chunk, target, chunk->Buffer, bytes, 0),
            ChunkKind.Write => Transfer(WriteOpcode, chunk, target, chunk->Buffer, bytes, durable),
            ChunkKind.ZeroPages => Transfer(WriteOpcode, chunk, target, ZeroPages.Start, bytes, 0),
            ChunkKind.Zeroes => Transfer(WriteZeroesOpcode, chunk, target, null, bytes, 0) with { Bytes = 0 },
            ChunkKind.Flush => new(FlushOpcode, 0, 0, 0, 0, 0),
            ChunkKind.Discard => Range(chunk, target, (uint*)range),
            ChunkKind.Abandoned => throw new UnreachableException("An abandoned chunk is not issued again."),
            ChunkKind.DiscardByIoctl => throw new UnreachableException("A namespace's discard is a command and not an ioctl."),
        };
    }

    /// <summary>The bytes that a chunk's next command covers: all of them, or for zeroes from memory at most the zeroes there are.</summary>
    public static uint BytesOf(Chunk* chunk, NvmeNamespace target) => chunk->Kind == ChunkKind.ZeroPages
        ? Math.Min(chunk->Length, Math.Min(ZeroPages.Length, (uint)target.MaxTransferBytes))
        : chunk->Length;

    /// <summary>Writes the command out.</summary>
    public void Write(NvmePassthruCmd64* command, uint namespaceId) => *command = new NvmePassthruCmd64
    {
        opcode = Opcode,
        nsid = namespaceId,
        addr = (ulong)Memory,
        data_len = Bytes,
        cdw10 = Dword10,
        cdw11 = Dword11,
        cdw12 = Dword12,
    };

    private static NvmeCommand Transfer(byte opcode, Chunk* chunk, NvmeNamespace target, byte* memory, uint bytes, uint flags)
    {
        ulong block = (ulong)chunk->Offset >> target.BlockShift;
        return new(opcode, (nint)memory, bytes, (uint)block, (uint)(block >> 32), ((bytes >> target.BlockShift) - 1) | flags);
    }

    private static NvmeCommand Range(Chunk* chunk, NvmeNamespace target, uint* range)
    {
        range[0] = 0;
        range[1] = chunk->Length >> target.BlockShift;
        *(ulong*)(range + 2) = (ulong)chunk->Offset >> target.BlockShift;
        return new(DatasetManagementOpcode, (nint)range, RangeBytes, 0, Deallocate, 0);
    }
}
