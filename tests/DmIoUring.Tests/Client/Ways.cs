namespace DmIoUring.Tests.Client;

/// <summary>The data of theories that hold for every way and every device.</summary>
public static class Ways
{
    private static readonly CallWay[] Calls = Enum.GetValues<CallWay>();
    private static readonly DeviceKind[] Kinds = Enum.GetValues<DeviceKind>();

    public static TheoryData<CallWay> All => [.. Calls];

    public static TheoryData<CallWay, DeviceKind> AllDevices
    {
        get
        {
            TheoryData<CallWay, DeviceKind> data = [];
            foreach (CallWay way in Calls)
            {
                foreach (DeviceKind kind in Kinds)
                    data.Add(way, kind);
            }

            return data;
        }
    }
}
