using DmIoUring.SideBySide.Contests;
using DmIoUring.SideBySide.Results;

namespace DmIoUring.SideBySide.Targets;

/// <summary>The targets that this project has set itself.</summary>
internal static class AllTargets
{
    private const string P50 = "p50";
    private const string P999 = "p99.9";
    private const string Cpu = "processor time";

    private static readonly string Tmpfs = Names.On(Names.Single, Medium.LoopOnTmpfs);

    public static IReadOnlyList<Target> List { get; } =
    [
        new Target("a", "Reactor against a bare ring without request state: IOPS",
            OnEach(medium => Deep(medium, Names.Reactor, Names.Bare, Metric.Iops, Limit.AtLeast(0.98)))),
        new Target("b", "Reactor against fio's io_uring engine, same settings: IOPS",
            OnEach(medium => Deep(medium, Names.Reactor, Names.Fio, Metric.Iops, Limit.AtLeast(medium == Medium.LoopOnFile ? 1 : 1.05)))),
        new Target("c", "Lane, callbacks that resubmit, against the reactor: IOPS",
            OnEach(medium => Deep(medium, Names.Lane, Names.Reactor, Metric.Iops, Limit.AtLeast(0.97)))),
        new Target("d", "Reactor against `RandomAccess.ReadAsync` on the same kind of handle, depth 128: IOPS",
            Deep(Medium.LoopOnTmpfs, Names.Reactor, Names.RandomAccess, Metric.Iops, Limit.AtLeast(4.5))),
        new Target("e", "Synchronous read against `preadv2` called from C#, depth 1: latency, processor time",
        [
            .. Sync(Medium.LoopOnTmpfs, Limit.AtMost(0.6), Limit.AtMost(1), Limit.AtMost(1.3)),
            .. Sync(Medium.LoopOnFile, Limit.AtMost(1.02), Limit.AtMost(1), Limit.AtMost(1.3)),
            .. Sync(Medium.Zram, Limit.AtMost(1.02), p999: null, cpu: null),
        ]),
        new Target("f", "Awaited `ReadAsync` through a lane against `RandomAccess.ReadAsync`, depth 1: latency, processor time",
            Awaited(Names.Await, P50, Metric.P50, Limit.AtMost(0.75)),
            Awaited(Names.Await, P999, Metric.P999, Limit.AtMost(1)),
            Awaited(Names.Await, Cpu, Metric.Cpu, Limit.AtMost(1.25)),
            Awaited(Names.Inline, P50 + ", `InlineContinuations`", Metric.P50, limit: null),
            Awaited(Names.Inline, P999 + ", `InlineContinuations`", Metric.P999, limit: null)),
        new Target("g", "Synchronous 4 KiB write of three legs, depth 1: p50",
            Legs("against `Task.WhenAll` of three `RandomAccess.WriteAsync`", Names.WhenAll, Limit.AtMost(0.7)),
            Legs("against one leg", Names.OneLeg, Limit.AtMost(1.9))),
        new Target("h", "The engine's own cost of a request beyond a bare loop, on a ring that does nothing, batch 32",
            new ValueFigure(new(Names.EngineCost, Names.EngineCost), Metric.EngineCost) { Where = "", Unit = "ns", Limit = Limit.AtMost(30) }),
        new Target("i", "The same, flat",
            Flat("a region, 1 to 64 regions: the dearest against one", Metric.PerRegion, 1),
            Flat("a request, depth 32 to 4,096: the dearest against 32", Metric.PerDepth, 32)),
        new Target("j", "Processor time an operation against the bare ring, depth 128",
        [
            .. OnEach(medium => Deep(medium, Names.Reactor, Names.Bare, Metric.Cpu, Limit.AtMost(1.05), "reactor, ")),
            .. OnEach(medium => Deep(medium, Names.Lane, Names.Bare, Metric.Cpu, Limit.AtMost(1.2), "lane, ")),
        ]),
        new Target("k", "Allocated an operation", new AllocationFigure
        {
            Where = "the highest of all medians of this library's", Limit = Limit.AtMost(AllocationFigure.Nothing),
        }),
        new Target("l", "p99.9 at depth 1 while another thread allocates 1 GB/s, against the same without",
            Garbage(Names.Sync, Limit.AtMost(3)),
            Garbage(Names.Reactor, limit: null),
            Garbage(Names.Await, limit: null)),
        new Target("m", "Four submitting threads on one lane against one: IOPS",
            new RatioFigure(new(Names.Jobs, Names.FourJobs), new(Names.Jobs, Names.OneJob), Metric.Iops)
            {
                Where = Names.InWords(Medium.LoopOnTmpfs), Limit = Limit.AtLeast(1),
            }),
        new Target("n", "Memory of one client beyond its pool, reserve of 1,024 pages, depth 1,024",
            new ValueFigure(new(Names.Memory, Names.Memory), Metric.BeyondPool)
            {
                Where = "", Unit = "MiB", Scale = 1 << 20, Limit = Limit.AtMost(2 << 20),
            }),
        new Target("o", "More under way than the device takes",
        [
            .. Deeper(Names.Reactor),
            .. Deeper(Names.Lane),
        ]),
        new Target("p", "A device that refuses non-blocking requests (zram): IOPS",
        [
            .. Workers(Names.Reactor),
            .. Workers(Names.Lane),
            .. new[] { Names.Sync, Names.Reactor, Names.Lane, Names.Await }.Select(AloneOnZram),
        ]),
        new Target("q", "Flushes that a device without FUA sees of one `Fua` write of 8 MiB",
            new ValueFigure(new(Names.FuaFlushes, Names.FuaFlushes), Metric.Flushes)
            {
                Where = "the most of sync, lane, reactor", Unit = "", Limit = Limit.AtMost(1),
            }),
        new Target("r", "Durable 4 KiB writes, depth 1, against the better of `RWF_DSYNC` and write + `fdatasync`: p50",
        [
            .. Names.DurableDevices.Select(static medium => Durable(medium, Names.Sync, medium == Medium.LoopOnTmpfs ? null : Limit.AtMost(1.05))),
            .. Names.DurableDevices.SelectMany(static medium => new[] { Names.Reactor, Names.Await }.Select(driver => Durable(medium, driver, limit: null))),
        ]),
        new Target("s", "The README's kinds of memory against raw pointers, depth 128: IOPS",
        [
            .. Buffers(Medium.LoopOnTmpfs),
            .. Buffers(Medium.Zram),
        ]),
        new Target("t", "Waiting awake where it pays (the default) against `--wait sleep`: IOPS",
        [
            .. Wait(Medium.LoopOnTmpfs, ", another process busy"),
            .. Wait(Medium.LoopOnFile, ""),
        ]),
        new Target("u", "The eighth lane or reactor on a reserve of 1 GiB against the first",
            Shared("reactor, time until it can be used", Metric.ReactorTime),
            Shared("reactor, memory pinned for it", Metric.ReactorPinned),
            Shared("lane, time to register", Metric.LaneTime),
            Shared("lane, memory pinned for it", Metric.LanePinned)),
        new Target("v", "From a client's constructor to its first completed read",
            Started("compiled", Metric.FirstRead, Limit.AtMost(1)),
            Started("the process's first", Metric.ColdFirstRead, limit: null)),
    ];

    private static IReadOnlyList<Figure> OnEach(Func<Medium, Figure> figure) => [.. Names.Devices.Select(figure)];

    private static RatioFigure Deep(Medium medium, string ours, string other, string metric, Limit limit, string prefix = "") =>
        new(new(Names.On(Names.Deep, medium), ours), new(Names.On(Names.Deep, medium), other), metric)
        {
            Where = prefix + Names.InWords(medium),
            Limit = limit,
        };

    private static IEnumerable<Figure> Deeper(string driver)
    {
        Entrant usual = new(Names.Deeper, AllContests.DeeperName(driver, AllContests.DeeperDepths[0]));
        foreach (int depth in AllContests.DeeperDepths.Skip(1))
        {
            Entrant deep = new(Names.Deeper, AllContests.DeeperName(driver, depth));
            yield return new RatioFigure(deep, usual, Metric.Iops) { Where = deep.Contestant + ": IOPS against 128", Limit = Limit.AtLeast(0.95) };
            yield return new OwnRatioFigure(deep, Metric.P999, Metric.P50) { Where = deep.Contestant + ": p99.9 against p50", Limit = Limit.AtMost(3) };
        }
    }

    private static IEnumerable<Figure> Workers(string driver)
    {
        string contest = Names.On(Names.Deep, Medium.Zram);
        Entrant ours = new(contest, driver);
        yield return new RatioFigure(ours, new(contest, Names.RandomAccess), Metric.Iops)
        {
            Where = $"{driver}, depth 128, against `RandomAccess.ReadAsync`",
            Limit = Limit.AtLeast(1),
        };
        yield return new BestRatioFigure(ours, [new(contest, Names.Fio), new(contest, Names.Bare)], Metric.Iops)
        {
            Where = $"{driver}, depth 128, against the better of fio and the bare ring",
            Limit = Limit.AtLeast(1),
            MoreIsBetter = true,
        };
    }

    private static RatioFigure AloneOnZram(string driver)
    {
        string contest = Names.On(Names.Single, Medium.Zram);
        return new RatioFigure(new(contest, driver), new(contest, Names.RandomAccess), Metric.Iops)
        {
            Where = $"{driver}, depth 1, against `RandomAccess.ReadAsync`",
            Limit = Limit.AtLeast(1),
        };
    }

    private static ValueFigure Shared(string where, string metric) =>
        new(new(Names.Sharing, Names.Sharing), metric) { Where = where, Unit = "x", Limit = Limit.AtMost(0.05) };

    private static ValueFigure Started(string where, string metric, Limit? limit) =>
        new(new(Names.Sharing, Names.Sharing), metric) { Where = where, Unit = "ms", Limit = limit };

    private static BestRatioFigure Durable(Medium medium, string driver, Limit? limit)
    {
        string contest = Names.On(Names.Durable, medium);
        return new BestRatioFigure(new(contest, driver), [new(contest, Names.Dsync), new(contest, Names.WriteFlush)], Metric.P50)
        {
            Where = $"{driver}, {Names.InWords(medium)}",
            Limit = limit,
            MoreIsBetter = false,
        };
    }

    /// <summary>Each kind against raw pointers of the same registration: pages of the pool are registered, other memory is not.</summary>
    private static IEnumerable<Figure> Buffers(Medium medium)
    {
        string contest = Names.On(Names.Buffers, medium);
        return new[] { (Names.IoMemory, Names.Pointers), (Names.Arrays, Names.Pointers), (Names.Pages, Names.PoolPointers) }.Select(pair =>
            new RatioFigure(new(contest, pair.Item1), new(contest, pair.Item2), Metric.Iops)
            {
                Where = $"{pair.Item1}, {Names.InWords(medium)}",
                Limit = Limit.AtLeast(0.99),
            });
    }

    private static IEnumerable<Figure> Wait(Medium medium, string condition)
    {
        string contest = Names.On(Names.Waits, medium);
        return Waits.All.Select(name => new RatioFigure(new(contest, name), new(contest, name + Names.Asleep), Metric.Iops)
        {
            Where = $"{name}, {Names.InWords(medium)}{condition}",
            Limit = Limit.AtLeast(0.95),
        });
    }

    private static IEnumerable<Figure> Sync(Medium medium, Limit? p50, Limit? p999, Limit? cpu) =>
    [
        Sync(medium, P50, Metric.P50, p50),
        Sync(medium, P999, Metric.P999, p999),
        Sync(medium, Cpu, Metric.Cpu, cpu),
    ];

    private static RatioFigure Sync(Medium medium, string what, string metric, Limit? limit) =>
        new(new(Names.On(Names.Single, medium), Names.Sync), new(Names.On(Names.Single, medium), Names.Preadv2), metric)
        {
            Where = $"{what}, {Names.InWords(medium)}",
            Limit = limit,
        };

    private static RatioFigure Awaited(string way, string where, string metric, Limit? limit) =>
        new(new(Tmpfs, way), new(Tmpfs, Names.RandomAccess), metric) { Where = where, Limit = limit };

    private static RatioFigure Legs(string where, string other, Limit limit) =>
        new(new(Names.Legs, Names.ThreeLegs), new(Names.Legs, other), Metric.P50) { Where = where, Limit = limit };

    private static FlatnessFigure Flat(string where, string prefix, int fewest) =>
        new(new(Names.EngineCost, Names.EngineCost), prefix, fewest) { Where = where, Limit = Limit.AtMost(1.15) };

    private static RatioFigure Garbage(string driver, Limit? limit) =>
        new(new(Tmpfs, driver + Names.WithGarbage), new(Tmpfs, driver), Metric.P999) { Where = driver, Limit = limit };
}
