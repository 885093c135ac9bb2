namespace DmIoUring.Cli.Devices;

/// <summary>What planners share: whatever can be refused at once is told at once, and nothing stays open of a plan that did not come to be.</summary>
internal abstract class Planner
{
    private readonly List<Refusal> _refusals = [];
    private readonly List<IDisposable> _opened = [];
    private readonly List<PathFacts> _created = [];

    private StorageMap? _storage;

    /// <summary>What a person should know about checks that could not be made.</summary>
    protected IReadOnlyList<string> Notes => _storage?.Gaps ?? [];

    /// <summary>How long others' devices are waited for.</summary>
    protected BusyWait Busy { get; } = new();

    protected StorageMap Storage => _storage ??= StorageMap.Read();

    protected IReadOnlyList<PathFacts> Created => _created;

    protected bool HasRefused => _refusals.Count > 0;

    /// <summary>The plan, or why there is none.</summary>
    protected TPlan? Make<TPlan>(Func<TPlan?> run, out IReadOnlyList<Refusal> refusals)
        where TPlan : class
    {
        refusals = _refusals;
        TPlan? plan = null;
        try
        {
            plan = run();
        }
        finally
        {
            if (plan is null)
                Undo();
        }

        return plan;
    }

    protected T Keep<T>(T opened)
        where T : IDisposable
    {
        _opened.Add(opened);
        return opened;
    }

    protected T? Try<T>(Func<T?> step)
        where T : class
    {
        try
        {
            return step();
        }
        catch (RefusedException exception)
        {
            _refusals.Add(exception.Refusal);
            return null;
        }
    }

    /// <summary>Starts what uses io_uring; it does not stay if no plan comes to be.</summary>
    /// <exception cref="RefusedException">The host refuses the rings, or has no memory to reserve.</exception>
    protected T Start<T>(Func<T> start)
        where T : IDisposable
    {
        try
        {
            return Keep(start());
        }
        catch (Exception exception) when (exception is IoUringUnavailableException or OutOfMemoryException)
        {
            throw new RefusedException("", exception.Message, "");
        }
    }

    /// <inheritdoc cref="Start"/>
    protected DmIoClient StartClient(DmIoOptions? options = null) => Start(() => new DmIoClient(options));

    protected void Refuse(string path, string reason, string advice) => _refusals.Add(new Refusal(path, reason, advice));

    /// <summary>What <see cref="DeviceOpener.Open"/> opens; it does not stay open if no plan comes to be.</summary>
    /// <exception cref="RefusedException">It can't be opened so.</exception>
    protected DeviceFile Open(PathFacts facts, DeviceAccess access, bool exclusive) => Keep(DeviceOpener.Open(facts, access, exclusive, Busy));

    /// <summary>A path that leads to nothing, where no file can be made either.</summary>
    protected void RefuseUncreatable(string path)
    {
        if (Try(() => NewFile.WhyNot(path)) is { } refusal)
            _refusals.Add(refusal);
    }

    /// <summary>Makes a file full of zeroes, which goes again if no plan comes to be.</summary>
    /// <exception cref="RefusedException">It can't be made.</exception>
    protected PathFacts Create(string path, long bytes)
    {
        PathFacts made = NewFile.Create(path, bytes);
        _created.Add(made);
        return made;
    }

    protected PathFacts? Look(string path) => path.Length == 0
        ? throw new ArgumentException("The command line refuses empty paths.", nameof(path))
        : Try(() => PathFacts.Of(path));

    protected void RefuseTwins(IReadOnlyList<PathFacts> all)
    {
        for (int index = 0; index < all.Count; index++)
        {
            if (all.Take(index).FirstOrDefault(other => other.Overlaps(all[index])) is { } twin)
                Refuse(all[index].Path, $"is the same as {twin.Path}, or on the same disk as a part or the whole of it ({all[index].Identity})", "Name each device once.");
        }
    }

    /// <summary>What holds no data, and what would be lost without the user's word for it.</summary>
    /// <param name="facts">What was named.</param>
    /// <param name="overwrites">Whether the command overwrites it, and nobody said that it may.</param>
    /// <param name="advice">What to name instead of what is not there or holds no data.</param>
    protected void RefuseUnfit(PathFacts facts, bool overwrites, string advice)
    {
        if (facts.Kind == PathKind.Missing)
            Refuse(facts.Path, "does not exist", advice);
        else if (!facts.CanHoldData)
            Refuse(facts.Path, $"is {facts.KindInWords}", advice);
        else if (overwrites && (facts.Kind == PathKind.BlockDevice || new FileInfo(facts.Path).Length > 0))
            Refuse(facts.Path, "would be overwritten: everything on it would be lost", "If that is what you want: --destroy.");
    }

    /// <summary>What is about to be written and is mounted, swap space, or under something that is.</summary>
    protected void RefuseUsed(PathFacts facts)
    {
        if (facts.CanHoldData && Storage.FindUse(facts) is { } use)
            Refuse(facts.Path, "is in use: " + use, "Unmount and detach what uses it. If you know that nobody else writes to it: --force.");
    }

    protected static void ThrowIfReadOnly(DeviceFile file)
    {
        if (file.Device.IsReadOnly)
            throw new RefusedException(file.Path, "is read-only", "Make it writable (blockdev --setrw), or name another device.");
    }

    /// <summary>Gives an empty file a size.</summary>
    protected void Extend(DeviceFile file, long size)
    {
        try
        {
            RandomAccess.SetLength(file.Handle, size);
            file.Device.Refresh();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException)
        {
            // The last is what .NET makes of EFBIG.
            Refuse(file.Path, "can't be extended: " + exception.Message, "Check its folder's free space and the limit of a file's size (ulimit -f).");
        }
    }

    private void Undo()
    {
        foreach (IDisposable opened in _opened)
            opened.Dispose();
        foreach (PathFacts created in _created)
        {
            try
            {
                NewFile.Remove(created);
            }
            catch (RefusedException exception)
            {
                _refusals.Add(exception.Refusal);
            }
        }
    }
}
