using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Client;

/// <summary>The data of theories that hold for every way and every device.</summary>
public static class Ways
{
    /// <summary>Every kind of device; those that DMIO_DEVICES names, for such a run.</summary>
    private static readonly DeviceKind[] Kinds = Named<DeviceKind>("DMIO_DEVICES");

    /// <summary>
    /// Every way; those that DMIO_WAYS names, with commas between them, for a run whose time is short: on another kernel, ways whose entries one of
    /// the others makes too tell nothing new.
    /// </summary>
    public static CallWay[] Calls { get; } = Named<CallWay>("DMIO_WAYS");

    /// <summary>Those under which the device sees what the engine issued: whole, and once.</summary>
    public static CallWay[] CallsAsIssued { get; } = [.. Calls.Where(static way => way.IsAsIssued())];

    public static TheoryData<CallWay> All => [.. Calls];

    public static TheoryData<CallWay, DeviceKind> AllDevices => WithDevices(Calls);

    public static TheoryData<CallWay> AsIssued => [.. CallsAsIssued];

    public static TheoryData<CallWay, DeviceKind> AsIssuedOnAllDevices => WithDevices(CallsAsIssued);

    /// <summary>Those whose caller may be put to sleep: neither a callback nor a reactor's owner.</summary>
    public static TheoryData<CallWay> ThatMayWait => [.. Calls.Where(static way => way.Shape() is not (CallWay.NestedCallback or CallWay.Reactor))];

    private static T[] Named<T>(string variable)
        where T : struct, Enum => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } names
            ? [.. names.Split(',').Select(Enum.Parse<T>)]
            : Enum.GetValues<T>();

    private static TheoryData<CallWay, DeviceKind> WithDevices(CallWay[] ways)
    {
        TheoryData<CallWay, DeviceKind> data = [];
        foreach (CallWay way in ways)
        {
            foreach (DeviceKind kind in Kinds)
                data.Add(way, kind);
        }

        return data;
    }
}
