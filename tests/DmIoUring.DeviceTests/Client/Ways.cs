using DmIoUring.Testing;

namespace DmIoUring.DeviceTests.Client;

/// <summary>The data of theories that hold for every way and every device.</summary>
public static class Ways
{
    private static readonly CallWay[] Calls = Enum.GetValues<CallWay>();
    private static readonly DeviceKind[] Kinds = Enum.GetValues<DeviceKind>();

    /// <summary>Those under which the device sees what the engine issued: whole, and once.</summary>
    private static readonly CallWay[] Plain = [.. Calls.Where(static way => way.IsAsIssued())];

    public static TheoryData<CallWay> All => [.. Calls];

    public static TheoryData<CallWay, DeviceKind> AllDevices => WithDevices(Calls);

    public static TheoryData<CallWay> AsIssued => [.. Plain];

    public static TheoryData<CallWay, DeviceKind> AsIssuedOnAllDevices => WithDevices(Plain);

    /// <summary>Those whose caller may be put to sleep: neither a callback nor a reactor's owner.</summary>
    public static TheoryData<CallWay> ThatMayWait => [.. Calls.Where(static way => way.Shape() is not (CallWay.NestedCallback or CallWay.Reactor))];

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
