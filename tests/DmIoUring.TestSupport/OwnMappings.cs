using System.Globalization;

namespace DmIoUring.TestSupport;

/// <summary>This process's memory as the kernel shows it in /proc/self/smaps.</summary>
internal static unsafe class OwnMappings
{
    /// <summary>The fields of the mapping that holds an address.</summary>
    public static Dictionary<string, string> At(void* address)
    {
        Dictionary<string, string> fields = new(StringComparer.Ordinal);
        bool inside = false;
        foreach (string line in File.ReadLines("/proc/self/smaps"))
        {
            string[] range = line.Split(' ')[0].Split('-');
            if (range.Length == 2)
            {
                inside = (nuint)address >= nuint.Parse(range[0], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)
                    && (nuint)address < nuint.Parse(range[1], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            }
            else if (inside)
            {
                fields[line.Split(':')[0]] = line.Split(':')[1].Trim();
            }
        }

        return fields;
    }

    /// <summary>What the kernel notes of the mapping at an address; proc(5), VmFlags.</summary>
    public static string[] FlagsOf(void* address) => At(address)["VmFlags"].Split(' ');
}
