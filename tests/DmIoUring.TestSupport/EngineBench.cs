using DmIoUring.Devices;
using DmIoUring.Engine;
using DmIoUring.Memory;
using DmIoUring.Rings;
using DmIoUring.ScratchDevices;
using DmIoUring.Submission;

namespace DmIoUring.TestSupport;

/// <summary>An engine on a scripted ring, a few devices, and a buffer. Runs requests to their end on the test's thread.</summary>
internal sealed class EngineBench : IDisposable
{
    public const int DeviceSectors = 4096;
    private const int ChunkBytes = 1 << 20;
    private readonly List<ScratchFile> _files = [];
    private readonly IoEngine _engine;

    public EngineBench(RingScript script, int devices = 3, int chunkBytes = ChunkBytes, long timeLimit = 0, PagePool? pool = null, bool holdsDevices = false, bool startsStraight = false, RingScript? companion = null, Func<DeviceGeometry, DeviceGeometry>? geometry = null)
    {
        Script = script;
        for (int i = 0; i < devices; i++)
        {
            _files.Add(ScratchFile.Create(DeviceSectors * IoRegion.SectorSize));
            Devices.Add(geometry is null ? BlockDevice.Open(_files[i].Path) : OddDevice.Open(_files[i].Path, geometry));
            script.Disk(Devices[i]);
        }

        EngineSettings settings = new()
        {
            ChunkBytes = chunkBytes,
            TimeLimit = timeLimit,
            Pool = pool,
            HoldsDevices = holdsDevices,
            RegistersFiles = holdsDevices,
            FreeRequests = startsStraight ? new RequestFreeList(new RequestPool(new CallbackReporter(null)), keepsAll: true) : null,
        };
        _engine = companion is null
            ? new IoEngine<ScriptedRing>(new ScriptedRing(script), settings)
            : new IoEngine<PolledRing<ScriptedRing>>(new PolledRing<ScriptedRing>(new ScriptedRing(script), new ScriptedRing(companion)), settings);
        new Random(7).NextBytes(Memory.Memory.Span);
    }

    public RingScript Script { get; }

    public List<BlockDevice> Devices { get; } = [];

    /// <summary>The sectors in one logical block of the devices.</summary>
    public long Block => Devices[0].LogicalBlockSize / IoRegion.SectorSize;

    public IoMemory Memory { get; } = IoMemory.Allocate(DeviceSectors * IoRegion.SectorSize);

    public EngineCounters Counters => _engine.Counters;

    public bool IsIdle => _engine.IsIdle;

    public IoResult Write(params ReadOnlySpan<IoRegion> regions) => Run(IoOperation.Write, regions);

    public IoResult Read(IoRegion region) => Run(IoOperation.Read, new ReadOnlySpan<IoRegion>(in region));

    /// <summary>Hands a request over without running it.</summary>
    public Request Start(IoOperation operation, params ReadOnlySpan<IoRegion> regions) =>
        StartWith(operation, Memory, default, regions);

    /// <summary>Hands a request over without running it.</summary>
    public Request StartWith(IoOperation operation, in IoBuffer buffer, in IoRequestOptions options, params ReadOnlySpan<IoRegion> regions)
    {
        Request request = new(new CallbackReporter(null));
        request.Prepare(new RequestSpec(operation, regions, buffer, options));
        request.EndSync(sleeps: false);
        Accept(request);
        return request;
    }

    /// <summary>Starts a request of one region on the fast path, if admission and the engine take it.</summary>
    public unsafe bool TryAcceptFast(IoOperation operation, in IoRegion region)
    {
        ReadOnlySpan<IoRegion> regions = new(in region);
        byte* start = (byte*)Memory.Pointer;
        if (!Admission.IsFast(operation, regions, start, Memory.Length, _engine.Devices!, ChunkBytes))
            return false;
        Request request = _engine.FreeRequests!.Take();
        request.PrepareFast(operation, regions.Length, start);
        request.SetFastNotify(static (_, _) => { }, context: null);
        if (_engine.TryAcceptFast(request, operation, regions, start))
            return true;
        _engine.FreeRequests.Return(request);
        return false;
    }

    public void Accept(Request request) => _engine.Accept(request);

    public void RunToEnd(Request request)
    {
        for (int turns = 0; !request.IsDone; turns++)
        {
            Assert.True(turns < 1_000_000, "The request does not end.");
            _engine.Turn(wait: true);
        }
    }

    public IoEngine Engine => _engine;

    public void Turn() => _engine.Turn(wait: true);

    public void Dispose()
    {
        _engine.Dispose();
        Devices.ForEach(static device => device.Dispose());
        _files.ForEach(static file => file.Dispose());
        Memory.Dispose();
    }

    private IoResult Run(IoOperation operation, ReadOnlySpan<IoRegion> regions)
    {
        Request request = Start(operation, regions);
        RunToEnd(request);
        return request.Result;
    }
}
