import { defineMapping, derive, number } from "tableferry";

/** As the CSV gives it: everything is text. */
interface Zipcode {
  zip_code: string;
  latitude: string;
  longitude: string;
  city: string;
  state: string;
  county: string;
}

interface Place {
  latitude: number;
  longitude: number;
  town: string;
  label: string;
}

export default defineMapping<Zipcode, Place>({
  key: { state: "state", county: "county", zip: "zip_code" },
  columns: {
    latitude: number("latitude"),
    longitude: number("longitude"),
    town: "city",
    label: derive(["city", "state", "zip_code"], (city: string, state: string, zip: string) => `${city}, ${state} ${zip}`),
  },
});
