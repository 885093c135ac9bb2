namespace DmIoUring.ServiceTests.Copying;

/// <summary>All combinations.</summary>
internal static class Shapes
{
    public static TheoryData<CopyWay, bool, int> All
    {
        get
        {
            TheoryData<CopyWay, bool, int> all = [];
            foreach (CopyWay way in Enum.GetValues<CopyWay>())
            {
                foreach (bool isSequential in new[] { false, true })
                {
                    foreach (int destinations in new[] { 1, 3, 64 })
                        all.Add(way, isSequential, destinations);
                }
            }

            return all;
        }
    }
}
