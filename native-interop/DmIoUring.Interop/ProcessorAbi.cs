using System.Runtime.InteropServices;

namespace DmIoUring.Interop;

/// <summary>What of the kernel's ABI depends on the processor; all else is the same on x64 and Arm64, which abi-check.c proves for both.</summary>
/// <remarks>Sources: include/uapi/asm-generic/fcntl.h, arch/arm64/include/uapi/asm/fcntl.h; the tables of system calls.</remarks>
internal sealed class ProcessorAbi
{
    public static readonly ProcessorAbi X64 = new() { O_DIRECT = 0x4000, O_DIRECTORY = 0x10000, SysIoprioSet = 251 };

    public static readonly ProcessorAbi Arm64 = new() { O_DIRECT = 0x10000, O_DIRECTORY = 0x4000, SysIoprioSet = 30 };

    /// <summary>That of this process.</summary>
    public static readonly ProcessorAbi Current = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? Arm64 : X64;

    public required int O_DIRECT { get; init; }

    public required int O_DIRECTORY { get; init; }

    /// <summary>__O_TMPFILE and O_DIRECTORY.</summary>
    public int O_TMPFILE => 0x400000 | O_DIRECTORY;

    public required nint SysIoprioSet { get; init; }
}
