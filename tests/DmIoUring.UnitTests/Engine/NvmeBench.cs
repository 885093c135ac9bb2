using DmIoUring.Devices;
using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.Rings;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;
using Microsoft.Win32.SafeHandles;

namespace DmIoUring.UnitTests.Engine;

/// <summary>An engine on a ring that carries NVMe commands, and a namespace in memory that carries them out.</summary>
internal sealed unsafe class NvmeBench : IDisposable
{
    public const int Sectors = 4096;
    private readonly ScratchFile _file = ScratchFile.Create(0);
    private readonly int _shift;

    public NvmeBench(int blockShift = 9, int mostBytes = 64 << 10, long zeroes = 1 << 20, bool fastPath = false, RingCalls? kernel = null)
    {
        _shift = blockShift;
        NvmeNamespace target = new()
        {
            Id = 7,
            BlockShift = blockShift,
            Blocks = Sectors * IoRegion.SectorSize >> blockShift,
            MaxTransferBytes = mostBytes,
            MaxZeroesBytes = zeroes,
            MaxDiscardBytes = 1 << 20,
            HasVolatileCache = true,
        };

        // Like a character device it has no length of its own.
        SafeFileHandle handle = File.OpenHandle(_file.Path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        Device = new BlockDevice("/dev/ng9n1", handle, ownsHandle: true, NvmeGeometry.Of(target, isReadOnly: false));
        Script.Answer = entry => Carry(*(NvmePassthruCmd64*)entry.addr);
        EngineSettings settings = new()
        {
            ChunkBytes = 1 << 20,
            HoldsDevices = true,
            FreeRequests = fastPath ? new RequestFreeList(new RequestPool(new CallbackReporter(null)), keepsAll: true) : null,
        };
        Engine = kernel is not null
            ? new IoEngine<KernelRing>(MakeRing(), settings, MakeRing)
            : new IoEngine<ScriptedRing>(new ScriptedRing(Script), settings);
        Engine.Enable(register: false);
        Random.NextBytes(Disk);
        Random.NextBytes(Memory.GetSpan());

        KernelRing MakeRing() => new(KernelRingHandle.Create(8, default, kernel), 8);
    }

    public Random Random { get; } = new(3);

    public RingScript Script { get; } = new(capacity: 8, queueLength: 8);

    public IoEngine Engine { get; }

    public BlockDevice Device { get; }

    public IoMemory Memory { get; } = IoMemory.Allocate(Sectors * IoRegion.SectorSize);

    public byte[] Disk { get; } = new byte[Sectors * IoRegion.SectorSize];

    /// <summary>Every command that the drive got, in order.</summary>
    public List<NvmePassthruCmd64> Commands { get; } = [];

    /// <summary>The drive's status of its n-th command; 0 by default.</summary>
    public Func<int, NvmePassthruCmd64, int> Status { get; set; } = static (_, _) => 0;

    public IoRegion Region(long sector, long count) => new(Device, sector, count);

    public IoResult Run(IoOperation operation, in IoBuffer buffer, IoRequestOptions options, params ReadOnlySpan<IoRegion> regions)
    {
        Request request = new(new CallbackReporter(null));
        request.Prepare(new RequestSpec(operation, regions, buffer, options));
        request.EndSync(sleeps: false);
        Engine.Accept(request);
        for (int turns = 0; !request.IsDone; turns++)
        {
            Assert.True(turns < 100_000, "The request does not end.");
            Engine.Turn(wait: true);
        }

        return request.Result;
    }

    public void Dispose()
    {
        Engine.Dispose();
        Device.Dispose();
        Script.Dispose();
        Memory.Dispose();
        _file.Dispose();
    }

    private int Carry(in NvmePassthruCmd64 command)
    {
        Commands.Add(command);
        Assert.Equal(7u, command.nsid);
        int status = Status(Commands.Count - 1, command);
        if (status != 0)
            return status;
        long offset = (long)(command.cdw10 | ((ulong)command.cdw11 << 32)) << _shift;
        int bytes = (int)((command.cdw12 & 0xFFFF) + 1) << _shift;
        switch (command.opcode)
        {
            case 0:
                break;
            case 1:
                Assert.Equal(bytes, (int)command.data_len);
                new ReadOnlySpan<byte>((void*)command.addr, bytes).CopyTo(Disk.AsSpan((int)offset));
                break;
            case 2:
                Assert.Equal(bytes, (int)command.data_len);
                Disk.AsSpan((int)offset, bytes).CopyTo(new Span<byte>((void*)command.addr, bytes));
                break;
            case 8:
                Disk.AsSpan((int)offset, bytes).Clear();
                break;
            case 9:
                Assert.Equal((0u, 4u, 16u), (command.cdw10, command.cdw11, command.data_len));
                uint* range = (uint*)command.addr;
                Disk.AsSpan((int)(*(ulong*)(range + 2) << _shift), (int)(range[1] << _shift)).Fill(0xDD);
                break;
            default:
                Assert.Fail($"The drive got opcode {command.opcode}.");
                break;
        }

        return 0;
    }
}
