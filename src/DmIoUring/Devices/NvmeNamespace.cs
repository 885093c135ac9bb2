using System.Buffers.Binary;
using System.Globalization;
using DmIoUring.Interop;

namespace DmIoUring.Devices;

/// <summary>The properties of an NVMe namespace and its drive; NVM Express Base Specification, Identify, and NVM Command Set Specification.</summary>
internal sealed unsafe record NvmeNamespace
{
    /// <summary>Identify data is one page.</summary>
    public const int IdentifyBytes = 4096;

    /// <summary>
    /// The most memory of a command, whatever the drive supports: the kernel uses at most 127 segments (NVME_MAX_SEGS,
    /// drivers/nvme/host/pci.c) and answers EINVAL to a command that needs more.
    /// </summary>
    private const int MaxBytes = 256 << 10;

    /// <summary>The smallest page of a drive, the unit of its transfer sizes (CAP.MPSMIN).</summary>
    private const int MinPage = 4096;

    /// <summary>The most blocks in a command: the field has 16 bits and holds the number less one.</summary>
    private const long MaxBlocks = 1 << 16;
    private const byte AdminIdentify = 0x06;

    /// <summary>The namespace's number.</summary>
    public required uint Id { get; init; }

    /// <summary>The logical block's binary logarithm.</summary>
    public required int BlockShift { get; init; }

    /// <summary>Logical blocks.</summary>
    public required long Blocks { get; init; }

    /// <summary>The most bytes that one read or write may transfer.</summary>
    public required int MaxTransferBytes { get; init; }

    /// <summary>The most bytes that one command may zero; 0 where the drive has no such command.</summary>
    public required long MaxZeroesBytes { get; init; }

    /// <summary>The most bytes that one command may deallocate; 0 where the drive has no such command.</summary>
    public required long MaxDiscardBytes { get; init; }

    /// <summary>Whether completed writes may sit in a volatile cache.</summary>
    public required bool HasVolatileCache { get; init; }

    /// <summary>Whether a character device is an NVMe namespace, according to sysfs.</summary>
    public static bool IsNode(uint major, uint minor)
    {
        string subsystem = string.Create(CultureInfo.InvariantCulture, $"/sys/dev/char/{major}:{minor}/subsystem");
        return Directory.Exists(subsystem)
            && Directory.ResolveLinkTarget(subsystem, returnFinalTarget: true) is { Name: "nvme-generic" };
    }

    /// <summary>Reads the properties from an open namespace.</summary>
    /// <exception cref="IOException">The drive does not answer, or the namespace can't be used: metadata, or a command set without blocks.</exception>
    public static NvmeNamespace Of(int descriptor, string path)
    {
        int id = Libc.Ioctl(descriptor, NvmeAbi.NVME_IOCTL_ID, null);
        if (id <= 0)
            throw new IOException($"{path}: NVME_IOCTL_ID failed with {Errno.Name(-id)}.", -id);
        byte[] ns = new byte[IdentifyBytes];
        byte[] controller = new byte[IdentifyBytes];
        byte[] commandSet = new byte[IdentifyBytes];
        Check(Identify(descriptor, 0, (uint)id, ns), path, "Identify Namespace");
        Check(Identify(descriptor, 1, 0, controller), path, "Identify Controller");

        // Since version 1.3; an older drive has no other command sets.
        byte[] descriptors = new byte[IdentifyBytes];
        if (Identify(descriptor, 3, (uint)id, descriptors) == 0)
            RequireBlocks(CommandSetOf(descriptors), path);

        // Since version 2.0; an older drive refuses it and has no such limits.
        if (Identify(descriptor, 6, 0, commandSet) != 0)
            Array.Clear(commandSet);
        return Parse((uint)id, ns, controller, commandSet, path);
    }

    /// <summary>The command set of a namespace, by its identification descriptors (CNS 3): type, length, two reserved bytes, value.</summary>
    internal static int CommandSetOf(ReadOnlySpan<byte> descriptors)
    {
        const byte commandSet = 4;
        for (int at = 0; at + 4 < descriptors.Length && descriptors[at] != 0; at += 4 + descriptors[at + 1])
        {
            if (descriptors[at] == commandSet)
                return descriptors[at + 4];
        }

        return 0;
    }

    /// <summary>Throws for a namespace without randomly writable blocks: key values (1), zones (2), programs.</summary>
    internal static void RequireBlocks(int commandSet, string path)
    {
        if (commandSet != 0)
            throw new IOException(string.Create(CultureInfo.InvariantCulture, $"{path} has command set {commandSet} ({(commandSet == 2 ? "zones" : "no plain blocks")}), which pass-through does not carry here. Open its block device."), Errno.EOPNOTSUPP);
    }

    /// <summary>Parses the answers.</summary>
    /// <param name="id">The namespace's number.</param>
    /// <param name="ns">Identify Namespace (CNS 0).</param>
    /// <param name="controller">Identify Controller (CNS 1).</param>
    /// <param name="commandSet">Identify Controller, NVM Command Set (CNS 6); zeroes where the drive does not support it.</param>
    /// <param name="path">The device's path, for exceptions.</param>
    internal static NvmeNamespace Parse(uint id, ReadOnlySpan<byte> ns, ReadOnlySpan<byte> controller, ReadOnlySpan<byte> commandSet, string path)
    {
        // FLBAS: the format's number in bits 3:0 and 6:5. LBAF n: metadata bytes, block size, performance.
        int format = (ns[26] & 0xF) | ((ns[26] >> 1) & 0x30);
        ReadOnlySpan<byte> lbaf = ns.Slice(128 + (format * 4), 4);
        int metadata = BinaryPrimitives.ReadUInt16LittleEndian(lbaf);
        int shift = lbaf[2];
        if (metadata != 0)
            throw new IOException(string.Create(CultureInfo.InvariantCulture, $"{path} has {metadata} bytes of metadata with each block, which pass-through does not carry here. Open its block device."));
        if (shift is < 9 or > 16)
            throw new IOException(string.Create(CultureInfo.InvariantCulture, $"{path} has blocks of 2^{shift} bytes; 512 bytes to 64 KiB can be used."));
        int mdts = controller[77];
        int most = mdts is 0 or > 10 ? MaxBytes : Math.Min(MaxBytes, MinPage << mdts);
        ushort commands = BinaryPrimitives.ReadUInt16LittleEndian(controller[520..]);
        int wzsl = commandSet[1];
        long zeroes = Math.Min(MaxBlocks << shift, wzsl is > 0 and < 20 ? (long)MinPage << wzsl : mdts is 0 or > 10 ? MaxBlocks << shift : MinPage << mdts);
        long dmrsl = BinaryPrimitives.ReadUInt32LittleEndian(commandSet[4..]);
        return new NvmeNamespace
        {
            Id = id,
            BlockShift = shift,
            Blocks = checked((long)BinaryPrimitives.ReadUInt64LittleEndian(ns)),
            MaxTransferBytes = most,
            MaxZeroesBytes = (commands & 8) != 0 ? zeroes : 0,
            MaxDiscardBytes = (commands & 4) != 0 ? (dmrsl == 0 ? uint.MaxValue : dmrsl) << shift : 0,
            HasVolatileCache = (controller[525] & 1) != 0,
        };
    }

    private static int Identify(int descriptor, uint cns, uint id, byte[] answer)
    {
        fixed (byte* data = answer)
        {
            NvmePassthruCmd command = new()
            {
                opcode = AdminIdentify,
                nsid = id,
                addr = (ulong)data,
                data_len = IdentifyBytes,
                cdw10 = cns,
            };
            return Libc.Ioctl(descriptor, NvmeAbi.NVME_IOCTL_ADMIN_CMD, &command);
        }
    }

    private static void Check(int result, string path, string command)
    {
        if (result == 0)
            return;
        int errno = result < 0 ? -result : NvmeStatus.ErrnoOf(result);
        string answer = result < 0 ? Errno.Name(errno) : string.Create(CultureInfo.InvariantCulture, $"the drive's status 0x{result:x}");
        throw new IOException($"{path}: {command} failed with {answer}.", errno);
    }
}
