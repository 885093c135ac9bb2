using System.Globalization;
using DmIoUring.ScratchDevices;
using DmIoUring.Services;
using Microsoft.Win32.SafeHandles;

namespace DmIoUring.RemoteLegs;

/// <summary>A mirror of a local leg and a remote one, under load, whose remote leg is cut off and comes back.</summary>
internal sealed class LoadedMirror : IDisposable
{
    private const int Remote = 1;
    private const int Blocks = 4096;
    private const long Sectors = Blocks * (long)BlockModel.BlockSectors;
    private const long RegionSectors = 128;

    /// <summary>A hang guard: machines in software on a busy host need half of it.</summary>
    private static readonly TimeSpan ResyncLimit = TimeSpan.FromSeconds(60);

    private readonly LoopDevice _local = LoopDevice.Create(RemoteLeg.Size);
    private readonly DmIoClient _client;
    private readonly List<RemoteLeg> _legs = [];
    private readonly List<BlockDevice> _devices = [];
    private readonly List<MirrorLegChange> _changes = [];
    private readonly BlockModel _model = new(Blocks);
    private MirrorDevice _mirror;
    private MirrorLoad _load;
    private long _requests;

    /// <summary>Makes the mirror; both media are zeroes.</summary>
    /// <param name="leg">The remote leg; disposed with the mirror, as are those that take its place.</param>
    public LoadedMirror(RemoteLeg leg)
    {
        // A worker thread for everything that can be stuck, where workers carry the requests.
        _client = new DmIoClient(new DmIoOptions { WorkerThreads = 8 * MirrorLoad.Threads });
        MirrorCreateOptions create = new() { Sectors = Sectors, RegionSectors = RegionSectors, AssumeEqual = true, Checksums = true };
        _mirror = MirrorDevice.CreateAsync(_client, [Open(_local.Path), Open(leg)], create, Options).GetAwaiter().GetResult();
        _load = new MirrorLoad(_mirror, _model);
    }

    private MirrorOptions Options => new()
    {
        // Half of the reads go to the remote leg, and the log is cleaned all the time.
        ReadPolicy = MirrorReadPolicy.RoundRobin,
        CleanAfter = TimeSpan.FromMilliseconds(50),
        LegChanged = change =>
        {
            lock (_changes)
                _changes.Add(change);
        },
    };

    /// <summary>Cuts the remote leg off, and waits until the mirror has said so and goes on.</summary>
    /// <param name="cut">Cuts it.</param>
    public void CutOff(Action cut)
    {
        _load.GoesOn();
        MirrorLegStatus remote = _mirror.Legs[Remote];
        if (remote.State != MirrorLegState.InSync || remote.Reads == 0)
            throw new CheckException($"before the cut: {_mirror}, with {remote.Reads} reads of the remote leg");
        cut();
        Tool.WaitFor("the mirror to say that the remote leg is out of sync", () => IsTold(MirrorLegState.OutOfSync));
        if (_mirror.Legs is not [{ State: MirrorLegState.InSync }, { State: MirrorLegState.OutOfSync, Reason: not null }] || !_mirror.NeedsResync)
            throw new CheckException($"after the cut: {_mirror}");
        _load.GoesOn();
    }

    /// <summary>Ends the load and closes the mirror, with the leg out of sync.</summary>
    public void Close()
    {
        _load.End();
        _requests += _load.Requests;
        _mirror.Dispose();
        CloseDevices();
    }

    /// <summary>Opens it again without the remote leg, and goes on with the load.</summary>
    public void OpenWithoutRemote() => OpenAgain(new MirrorOpenOptions { AllowMissing = true }, Open(_local.Path));

    /// <summary>Opens it again with a remote leg that has what it had, and goes on with the load.</summary>
    public void OpenWith(RemoteLeg leg) => OpenAgain(null, Open(leg), Open(_local.Path));

    /// <summary>Gives it its remote leg back, with what that had.</summary>
    public void Attach(RemoteLeg leg)
    {
        int index = _mirror.AttachAsync(Open(leg)).GetAwaiter().GetResult();
        if (index != Remote)
            throw new CheckException($"the remote leg came back as leg {index}");
    }

    /// <summary>Puts another device in the remote leg's place.</summary>
    public void Replace(RemoteLeg leg)
    {
        _mirror.ReplaceAsync(Remote, Open(leg), overwrite: true).GetAwaiter().GetResult();
        if (!_mirror.Legs[Remote].NeedsFullResync)
            throw new CheckException($"a new device needs everything: {_mirror}");
    }

    /// <summary>Resynchronizes under load, goes on, and closes it; then every byte of both media must be what the model says.</summary>
    /// <param name="remote">What the remote leg's server writes to.</param>
    /// <param name="isWhole">Whether everything must be copied.</param>
    /// <returns>What was seen.</returns>
    public string Heal(SafeFileHandle remote, bool isWhole)
    {
        _load.GoesOn();
        if (_mirror.Legs[Remote].NeedsFullResync != isWhole)
            throw new CheckException($"it {(isWhole ? "must" : "must not")} need a full resync: {_mirror}");
        Task<MirrorResyncResult> resync = _mirror.ResyncAsync();
        if (!resync.Wait(ResyncLimit))
            throw new CheckException($"the resync does not end: {_mirror}");
        if (!resync.Result.IsComplete || !resync.Result.InSync[Remote] || isWhole && resync.Result.CopiedRegions != Sectors / RegionSectors)
            throw new CheckException($"the resync: {resync.Result}; {_mirror}");
        Tool.WaitFor("the mirror to say that the remote leg is in sync", () => IsTold(MirrorLegState.InSync));
        _load.GoesOn();
        if (_mirror.NeedsResync || _mirror.Legs.Any(static leg => leg.CorruptReads > 0))
            throw new CheckException($"after the resync: {_mirror}");
        Close();
        CheckMedium("the local leg", _local.BackingHandle);
        CheckMedium("the remote leg", remote);
        return string.Create(CultureInfo.InvariantCulture, $"{_requests} requests, {resync.Result.CopiedRegions} of {Sectors / RegionSectors} regions copied");
    }

    public void Dispose()
    {
        // What is stuck stays: the check has failed and says why, which the end of all this would not.
        if (!_load.TryEnd())
            return;
        _mirror.Dispose();
        CloseDevices();
        _client.Dispose();
        _legs.ForEach(static leg => leg.Dispose());
        _local.Dispose();
    }

    private BlockDevice Open(RemoteLeg leg)
    {
        _legs.Add(leg);
        return Open(leg.Path);
    }

    private BlockDevice Open(string path)
    {
        BlockDevice device = BlockDevice.Open(path);
        _devices.Add(device);
        return device;
    }

    private void OpenAgain(MirrorOpenOptions? open, params BlockDevice[] devices)
    {
        _mirror = MirrorDevice.OpenAsync(_client, devices, open, Options).GetAwaiter().GetResult();
        _load = new MirrorLoad(_mirror, _model);
    }

    private void CloseDevices()
    {
        _devices.ForEach(static device => device.Dispose());
        _devices.Clear();
    }

    private bool IsTold(MirrorLegState state)
    {
        lock (_changes)
            return _changes is [.., var change] && change.Leg.Index == Remote && change.Leg.State == state;
    }

    private void CheckMedium(string name, SafeFileHandle medium)
    {
        byte[] bytes = new byte[Blocks * BlockModel.BlockBytes];
        int read = 0;
        while (read < bytes.Length && RandomAccess.Read(medium, bytes.AsSpan(read), read) is > 0 and var count)
            read += count;
        _model.Check(name, 0, bytes);
    }
}
